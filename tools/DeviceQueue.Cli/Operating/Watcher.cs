using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using Mqtt;
using Spectre.Console;

namespace DeviceQueue.Cli.Operating;

/// <summary>
/// Shows what devices say: a table at a terminal, else one line for each message, and as JSON when asked. Goes on when
/// the broker comes back.
/// </summary>
internal sealed class Watcher(BrokerAccess access, Terminal terminal, bool asJson)
{
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly FleetView _fleet = new(access.Fleet?.Devices.Keys ?? []);
    private readonly bool _isTable = terminal.IsLive && !asJson;
    private volatile string _trouble = "";
    private volatile bool _wasConnected;

    /// <summary>Watches one device, or all, until the time is over or it is cancelled.</summary>
    public async Task<int> Run(string? device, TimeSpan time, CancellationToken cancellation)
    {
        FleetView fleet = device == null ? _fleet : new FleetView([device]);
        using BrokerObserver observer = new(
            access.Client,
            [$"sensor/{device ?? "+"}/#"],
            message => Take(fleet, message),
            ShowTrouble);
        ConnectResult connected = await Task.Run(observer.Connect, CancellationToken.None);
        if (!connected.IsAccepted)
        {
            terminal.Error.WriteLine($"error: {BrokerAccess.Describe(access.Client, connected)}");
            return ExitCode.NoConnection;
        }

        _wasConnected = true;
        try
        {
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            end.CancelAfter(time);
            await (_isTable ? Draw(fleet, end.Token) : Task.Delay(Timeout.Infinite, end.Token));
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C, or the time is over.
        }

        return ExitCode.Done;
    }

    private async Task Draw(FleetView fleet, CancellationToken cancellation)
    {
        IAnsiConsole console = terminal.CreateConsole();
        await console.Live(Look()).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom)
            .StartAsync(async live =>
            {
                while (!cancellation.IsCancellationRequested)
                {
                    live.UpdateTarget(Look());
                    await Task.Delay(RedrawInterval, cancellation).ContinueWith(
                        static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                }
            });

        Table Look() => fleet.Look(
            devices => DeviceTable.Watch(devices, DateTime.UtcNow, console.Profile, _trouble));
    }

    private void Take(FleetView fleet, ReceivedMessage message)
    {
        _trouble = "";
        if (_isTable)
        {
            fleet.Take(message);
        }
        else
        {
            Write(terminal.Out, asJson ? Json(message) : $"{DateTime.Now:HH:mm:ss}  {Line(message)}");
        }
    }

    private void ShowTrouble(string trouble)
    {
        _trouble = $"{Plain.Text(trouble)} Trying again.";
        if (!_isTable && _wasConnected)
        {
            Write(terminal.Error, $"{DateTime.Now:HH:mm:ss}  {Plain.Text(trouble)}");
        }
    }

    private static string Line(ReceivedMessage message)
    {
        (string device, string kind) = Name(message.Topic);
        string age = message.Retain ? " (retained)" : "";
        return $"{PayloadText.Clean(device)}  {PayloadText.Clean(kind)}  {PayloadText.Show(message.Payload)}{age}";
    }

    private static string Json(ReceivedMessage message)
    {
        (string device, string kind) = Name(message.Topic);
        return new JsonObject
        {
            ["time"] = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ"),
            ["device"] = device,
            ["event"] = kind,
            ["retained"] = message.Retain,
            ["data"] = Data(message.Payload),
        }.ToJsonString();
    }

    private static (string Device, string Kind) Name(string topic)
    {
        string[] levels = topic.Split('/', 3);
        return (levels[1], levels[^1] == "temperature" ? "reading" : levels[^1]);
    }

    // JSON as it is, with an envelope's content in place of its base64; other text as a string.
    private static JsonNode? Data(byte[] payload)
    {
        MessageEnvelope envelope = new();
        if (new EnvelopeCodec().Decode(payload, 0, payload.Length, envelope) == EnvelopeError.None
            && envelope.MessageType != null)
        {
            return new JsonObject
            {
                ["message_id"] = envelope.MessageId,
                ["correlation_id"] = envelope.CorrelationId,
                ["message_type"] = envelope.MessageType,
                ["message"] = Data(envelope.Message ?? []),
            };
        }

        try
        {
            return JsonNode.Parse(payload);
        }
        catch (JsonException)
        {
            return PayloadText.Show(payload);
        }
    }

    private void Write(TextWriter writer, string text)
    {
        lock (_lock)
        {
            writer.WriteLine(text);
            writer.Flush();
        }
    }
}
