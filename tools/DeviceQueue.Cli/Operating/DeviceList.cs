using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using DeviceQueue.Commands;
using Mqtt;
using Spectre.Console;

namespace DeviceQueue.Cli.Operating;

/// <summary>
/// Lists the devices of a fleet, or of a broker: what the broker keeps of each, and what those that are online answer.
/// </summary>
internal sealed class DeviceList(BrokerAccess access, Terminal terminal)
{
    private const string Unknown = "-";

    // A broker sends what it keeps at once, behind the answer to a subscription.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly FleetView _fleet = new(access.Fleet?.Devices.Keys ?? []);
    private long _lastMessage = Stopwatch.GetTimestamp();

    public async Task<int> Run(bool asJson, TimeSpan timeout, CancellationToken cancellation)
    {
        using CommandExchange exchange = new(access.Client);
        exchange.MessageReceived += message =>
        {
            Interlocked.Exchange(ref _lastMessage, Stopwatch.GetTimestamp());
            _fleet.Take(message);
        };
        ConnectResult connected = exchange.Connect();
        if (!connected.IsAccepted)
        {
            terminal.Error.WriteLine($"error: {BrokerAccess.Describe(access.Client, connected)}");
            return ExitCode.NoConnection;
        }

        try
        {
            string[] filters = ["sensor/+/status", "sensor/+/temperature", "sensor/+/response"];
            if (!await exchange.Subscribe(filters, cancellation))
            {
                terminal.Error.WriteLine("error: the broker does not let this user hear sensor/+/status");
                return ExitCode.NoConnection;
            }

            await WaitUntilQuiet(timeout, cancellation);
            Dictionary<string, Answers> answers = await AskAll(exchange, timeout, cancellation);
            Print(answers, asJson);
            return ExitCode.Done;
        }
        catch (Exception e) when (e is TimeoutException or NotSentException)
        {
            terminal.Error.WriteLine("error: the broker does not answer");
            return ExitCode.NoConnection;
        }
    }

    private async Task WaitUntilQuiet(TimeSpan timeout, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastMessage)) < Quiet
            && Stopwatch.GetElapsedTime(start) < timeout)
        {
            await Task.Delay(Step, cancellation);
        }
    }

    private async Task<Dictionary<string, Answers>> AskAll(
        CommandExchange exchange, TimeSpan timeout, CancellationToken cancellation)
    {
        string[] online = _fleet.Look(devices => devices
            .Where(device => device.Status == DeviceView.Online && IsOurs(device.Id))
            .Select(device => device.Id)
            .ToArray());
        var asked = online.ToDictionary(
            id => id, id => (Info: Ask(exchange, id, "device.info"), Reading: Ask(exchange, id, "sensor.read")));
        IEnumerable<Task> all = asked.Values.SelectMany(device => (Task[])[device.Info, device.Reading]);
        await Task.WhenAny(Task.WhenAll(all), exchange.Gone, Task.Delay(timeout, cancellation));
        cancellation.ThrowIfCancellationRequested();
        return asked.ToDictionary(
            device => device.Key,
            device => new Answers(Result(device.Value.Info), Result(device.Value.Reading)));
    }

    // A device that is not of the fleet has another key, or none, and is not asked.
    private bool IsOurs(string id) => access.Fleet?.Devices.ContainsKey(id) ?? true;

    private Task<JsonObject> Ask(CommandExchange exchange, string id, string type)
    {
        CommandMessage command = CommandMessage.Create(id, access.FindKey(id), type, "{}", null, DateTime.UtcNow);
        Task<JsonObject> answer = exchange.Await(command);
        exchange.TrySend(id, command);
        return answer;
    }

    private static JsonObject? Result(Task<JsonObject> answer) =>
        answer.IsCompletedSuccessfully && answer.Result["status"]?.ToString() == CommandAnswer.Succeeded
            ? answer.Result["result"] as JsonObject
            : null;

    private void Print(Dictionary<string, Answers> answers, bool asJson)
    {
        DateTime now = DateTime.UtcNow;
        DeviceView[] devices = _fleet.Look(all => all.ToArray());
        foreach (DeviceView device in devices)
        {
            device.TakeReading(answers.GetValueOrDefault(device.Id)?.Reading, now);
        }

        if (asJson)
        {
            foreach (DeviceView device in devices)
            {
                terminal.Out.WriteLine(new JsonObject
                {
                    ["device"] = device.Id,
                    ["status"] = device.Status,
                    ["info"] = answers.GetValueOrDefault(device.Id)?.Info?.DeepClone(),
                    ["reading"] = device.Reading?.DeepClone(),
                }.ToJsonString());
            }

            return;
        }

        if (devices.Length == 0)
        {
            terminal.Out.WriteLine("No device has been on this broker.");
            return;
        }

        IAnsiConsole console = terminal.CreateConsole();
        var rows = devices.Select(device =>
        {
            JsonObject? info = answers.GetValueOrDefault(device.Id)?.Info;
            string age = device.ReadingTime is { } time ? $", {Age.Show(now - time)}" : "";
            string version = info?["version"]?.ToString() ?? Unknown;
            return (device, Since(info, now), device.Show("temperature", 2, " °C") + age, version);
        });
        console.Write(DeviceTable.List(rows, console.Profile));
    }

    private static string Since(JsonObject? info, DateTime now) =>
        DeviceView.Number(info?["uptime_ms"]) is { } uptime
            ? now.AddMilliseconds(-uptime).ToLocalTime().ToString("MM-dd HH:mm", CultureInfo.InvariantCulture)
                + $" (boot {info!["boot"]})"
            : Unknown;

    private sealed record Answers(JsonObject? Info, JsonObject? Reading);
}
