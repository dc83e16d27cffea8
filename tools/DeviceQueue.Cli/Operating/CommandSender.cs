using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using DeviceQueue.Commands;
using DeviceQueue.Desktop;
using DeviceQueue.Mqtt;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>What is asked of a device.</summary>
internal sealed record CommandRequest(string Id, string Type, string Arguments)
{
    /// <summary>Gets the id of an earlier command, to repeat it.</summary>
    public string? MessageId { get; init; }

    /// <summary>Gets a value indicating whether the report that follows on the answer is waited for, too.</summary>
    public bool WithReport { get; init; }

    /// <summary>Gets how long to wait; null is as long as such a device may take.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>
/// Sends a command and prints its answer. A command that finds no answer is sent again, the same one: the device
/// carries it out at most once.
/// </summary>
internal sealed class CommandSender(BrokerAccess access, Terminal terminal)
{
    public const int DefaultTimeoutSeconds = 15;

    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StatusWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    // The least that device.command_ttl_ms is for a device that sleeps: later it would not carry the command out.
    private static readonly TimeSpan AsleepTimeout = TimeSpan.FromMinutes(121);

    // A report is published at QoS 0, behind the answer.
    private static readonly TimeSpan ReportWait = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource<JsonObject> _report = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _status;

    /// <summary>Sends and waits; what a successful answer shows is told by <paramref name="show"/>.</summary>
    public async Task<int> Send(
        CommandRequest request, Func<JsonObject, string> show, CancellationToken cancellation)
    {
        CommandMessage command = CommandMessage.Create(
            request.Id,
            access.FindKey(request.Id),
            request.Type,
            request.Arguments,
            request.MessageId,
            DateTime.UtcNow);
        using CommandExchange exchange = new(access.Client);
        DeviceTopics topics = new(request.Id);
        exchange.MessageReceived += message => Hear(message, topics);
        ConnectResult connected = exchange.Connect();
        if (!connected.IsAccepted)
        {
            return Fail(BrokerAccess.Describe(access.Client, connected), ExitCode.NoConnection);
        }

        try
        {
            string[] filters = [topics.Response, topics.Status, .. request.WithReport ? [topics.Health] : (string[])[]];
            if (!await exchange.Subscribe(filters, cancellation))
            {
                return Fail(
                    $"the broker does not let this user hear sensor/{request.Id}; nothing was sent",
                    ExitCode.NoConnection);
            }

            JsonObject? answer = await Converse(exchange, command, request, cancellation);
            if (answer != null && request.WithReport)
            {
                await Task.WhenAny(_report.Task, Task.Delay(ReportWait, cancellation));
                answer["report"] = _report.Task.IsCompletedSuccessfully ? await _report.Task : null;
            }

            return answer == null ? ExitCode.NoAnswer : Print(answer, show);
        }
        catch (OperationCanceledException)
        {
            return Fail($"interrupted; {Repeat(command)}", ExitCode.NoAnswer);
        }
        catch (Exception e) when (e is TimeoutException or NotSentException)
        {
            return Fail("the broker does not answer; nothing was sent", ExitCode.NoConnection);
        }
    }

    private void Hear(ReceivedMessage message, DeviceTopics topics)
    {
        if (message.Topic == topics.Status)
        {
            _status = PayloadText.Show(message.Payload);
        }
        else if (message.Topic == topics.Health && DeviceView.Parse(message.Payload) is { } report)
        {
            _report.TrySetResult(report);
        }
    }

    private static string Repeat(CommandMessage command) =>
        $"the command may be done or not. To repeat it, without doing it twice: --message-id {command.MessageId}";

    /// <summary>Sends until there is an answer; null when none came, which is said.</summary>
    private async Task<JsonObject?> Converse(
        CommandExchange exchange, CommandMessage command, CommandRequest request, CancellationToken cancellation)
    {
        Task<JsonObject> answer = exchange.Await(command);
        using Progress progress = new(terminal);
        long start = Stopwatch.GetTimestamp();
        TimeSpan? sent = null;
        bool wasAsleep = false;
        while (true)
        {
            TimeSpan time = Stopwatch.GetElapsedTime(start);
            bool isAsleep = _status == DeviceView.Asleep;
            TimeSpan limit = request.Timeout
                ?? (isAsleep || wasAsleep ? AsleepTimeout : TimeSpan.FromSeconds(DefaultTimeoutSeconds));
            if (time > limit)
            {
                progress.Say($"error: no answer; {DescribeStatus()}. {Capital(Repeat(command))}");
                return null;
            }

            // The broker keeps it for a device that sleeps: a repeat would only be one more that it keeps.
            if (sent == null || (!isAsleep && time - sent > RepeatInterval))
            {
                sent = time;
                exchange.TrySend(request.Id, command);
            }

            if (isAsleep && !wasAsleep && time > StatusWait)
            {
                wasAsleep = true;
                progress.Say($"{request.Id} is asleep and takes the command when it next connects; waiting for it "
                    + $"until {Clock(limit - time)} (--timeout SECONDS is another limit, Ctrl-C the end)");
            }

            progress.Show($"{DescribeStatus()}; waiting for the answer, {time.TotalSeconds:F0} of "
                + $"{limit.TotalSeconds:F0} s");
            await Task.WhenAny(answer, exchange.Gone, Task.Delay(Step, cancellation));
            cancellation.ThrowIfCancellationRequested();
            if (answer.IsCompletedSuccessfully)
            {
                return await answer;
            }

            if (exchange.Gone.IsCompleted)
            {
                progress.Say($"error: the broker closed the connection; {Repeat(command)}");
                return null;
            }
        }
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Clock(TimeSpan ahead) =>
        DateTime.Now.Add(ahead).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private string DescribeStatus() =>
        _status == null ? "it has never been on this broker" : $"its status is {_status}";

    private int Fail(string text, int exitCode)
    {
        terminal.Error.WriteLine($"error: {text}");
        return exitCode;
    }

    private int Print(JsonObject answer, Func<JsonObject, string> show)
    {
        string status = answer["status"]?.ToString() ?? "";
        if (status == CommandAnswer.Succeeded)
        {
            terminal.Out.WriteLine(show(answer));
            return ExitCode.Done;
        }

        terminal.Out.WriteLine(AnswerText.Line(answer));

        // A repeat whose first answer was lost: its text is what was answered then.
        return status == CommandAnswer.Duplicate && answer["text"]?.ToString() == CommandAnswer.Succeeded
            ? ExitCode.Done
            : ExitCode.NotDone;
    }
}
