using DeviceQueue.Desktop;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>Prints what devices say, one line for each message.</summary>
internal sealed class Watcher(ClientOptions options, TextWriter output, TextWriter error)
{
    private readonly Lock _lock = new();

    /// <summary>Watches until the time is over or it is cancelled; goes on when the broker comes back.</summary>
    public async Task<int> Run(string device, TimeSpan time, CancellationToken cancellation)
    {
        using BrokerObserver observer = new(options, [$"sensor/{device}/#"], Show, trouble => Write(error, trouble));
        ConnectResult connected = observer.Connect();
        if (!connected.IsAccepted)
        {
            return ExitCode.NoConnection;
        }

        try
        {
            await Task.Delay(time, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C
        }

        return ExitCode.Done;
    }

    private void Show(ReceivedMessage message)
    {
        string[] levels = message.Topic.Split('/', 3);
        string kind = levels[^1] == "temperature" ? "reading" : levels[^1];
        string age = message.Retain ? " (retained)" : "";
        Write(
            output,
            $"{PayloadText.Clean(levels[1])}  {PayloadText.Clean(kind)}  {PayloadText.Show(message.Payload)}{age}");
    }

    private void Write(TextWriter writer, string text)
    {
        lock (_lock)
        {
            writer.WriteLine($"{DateTime.Now:HH:mm:ss}  {text}");
            writer.Flush();
        }
    }
}
