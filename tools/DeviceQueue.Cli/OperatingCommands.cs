using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli;

/// <summary>The commands that watch devices and command them.</summary>
internal sealed class OperatingCommands(Invocation invocation, HelpPages help)
{
    private const int DefaultListSeconds = 3;
    private const int MaxPulseMs = 60_000;

    private static readonly string[] Actions = ["on", "off", "toggle", "pulse"];

    public IEnumerable<Command> All() => [List(), Watch(), Send(), Info(), Output(), Config()];

    private Command List()
    {
        AccessOptions access = new();
        Option<bool> json = new("--json") { Description = "One line of JSON for each device." };
        Option<double> timeout = new("--timeout")
        {
            Description = "How many seconds to wait for the answers of the devices.",
            DefaultValueFactory = _ => DefaultListSeconds,
        };
        Command command = new("list", "Lists the devices: online, asleep, offline, since when, last reading, version.")
        {
            json, timeout,
        };
        access.AddTo(command);
        invocation.Handle(command, (typed, terminal, cancellation) =>
        {
            TimeSpan limit = Seconds.Read("--timeout", typed.GetValue(timeout));
            return new DeviceList(access.Read(typed), terminal).Run(typed.GetValue(json), limit, cancellation);
        });
        return help.Add(
            command, "list --out fleet", "list --broker mqtt://127.0.0.1:1883", "list --out fleet --json");
    }

    private Command Watch()
    {
        AccessOptions access = new();
        Argument<string?> id = new("id") { Description = "One device only.", DefaultValueFactory = _ => null };
        Option<bool> json = new("--json") { Description = "One line of JSON for each message, for scripts." };
        Option<double?> seconds = new("--seconds") { Description = "End by itself after so many seconds." };
        Command command = new("watch", "Shows what the devices say, as it comes. Ctrl-C ends it.")
        {
            id, json, seconds,
        };
        access.AddTo(command);
        invocation.Handle(command, (typed, terminal, cancellation) =>
        {
            BrokerAccess broker = access.Read(typed);
            string? device = typed.GetValue(id);
            if (device != null)
            {
                broker.FindKey(device);
            }

            TimeSpan time =
                typed.GetValue(seconds) is { } s ? Seconds.Read("--seconds", s) : Timeout.InfiniteTimeSpan;
            return new Watcher(broker, terminal, typed.GetValue(json)).Run(device, time, cancellation);
        });
        return help.Add(
            command,
            "watch --out fleet",
            "watch demo --broker mqtt://127.0.0.1:1883",
            "watch --out fleet --json | jq 'select(.event == \"reading\")'");
    }

    private Command Send()
    {
        Argument<string> type = new("command") { Description = "The command, as in output.set" };
        Argument<string> arguments = new("arguments")
        {
            Description = "Its arguments, a JSON object.",
            DefaultValueFactory = _ => "{}",
        };
        Option<string?> messageId = new("--message-id")
        {
            Description = "The id of an earlier command, to repeat it: it is carried out at most once.",
        };
        Command command = new("send", "Signs a command if the device has a key, sends it, and waits for the answer.");
        HandleRequest(
            command,
            [type, arguments],
            [messageId],
            (typed, id) => new CommandRequest(id, typed.GetValue(type)!, typed.GetValue(arguments)!)
            {
                MessageId = typed.GetValue(messageId),
            },
            AnswerText.Line);
        return help.Add(
            command,
            "send demo output.toggle '{\"name\":\"relay1\"}' --broker mqtt://127.0.0.1:1883",
            "send greenhouse-1 device.ping --out fleet",
            "send well-7 device.info --out fleet --timeout 7200");
    }

    private Command Info()
    {
        Command command = new("info", "Asks a device what it is, and for its report on itself.");
        HandleRequest(
            command,
            [],
            [],
            (_, id) => new CommandRequest(id, "device.info", "{}") { WithReport = true },
            AnswerText.Lines);
        return help.Add(command, "info greenhouse-1 --out fleet", "info demo --broker mqtt://127.0.0.1:1883");
    }

    private Command Output()
    {
        Argument<string> name = new("name") { Description = "The output's name, as in relay1." };
        Argument<string> action = new("action") { Description = string.Join(", ", Actions[..^1]) + " or pulse MS" };
        action.CompletionSources.Add(Actions);
        Argument<int?> ms = new("ms")
        {
            Description = $"How long a pulse is, 1 to {MaxPulseMs} ms.",
            DefaultValueFactory = _ => null,
        };
        Command command = new("output", "Switches an output of a device.");
        HandleRequest(
            command,
            [name, action, ms],
            [],
            (typed, id) => OutputRequest(id, typed.GetValue(name)!, typed.GetValue(action)!, typed.GetValue(ms)),
            AnswerText.Line);
        return help.Add(
            command,
            "output greenhouse-1 relay1 on --out fleet",
            "output greenhouse-1 relay1 pulse 500 --out fleet",
            "output demo relay1 toggle --broker mqtt://127.0.0.1:1883");
    }

    private Command Config()
    {
        Argument<string?> section = new("section")
        {
            Description = "The section, as in device; without it the sections are listed.",
            DefaultValueFactory = _ => null,
        };
        Command get = new("get", "Shows settings of a device; secrets are masked.");
        HandleRequest(
            get,
            [section],
            [],
            (typed, id) => new CommandRequest(
                id,
                "config.get",
                (typed.GetValue(section) is { } s ? new JsonObject { ["section"] = s } : []).ToJsonString()),
            AnswerText.Lines);
        help.Add(get, "config get greenhouse-1 device --out fleet");

        Argument<string[]> values = new("key=value")
        {
            Description = "What is to be other, as in interval_ms=30000; all or none are changed.",
            Arity = ArgumentArity.OneOrMore,
        };
        Command set = new("set", "Changes settings of a device, at once and across reboots; it needs a command key.");
        HandleRequest(
            set,
            [values],
            [],
            (typed, id) => new CommandRequest(id, "config.set", ReadValues(typed.GetValue(values)!)),
            AnswerText.Line);
        help.Add(set, "config set greenhouse-1 interval_ms=30000 report_delta=0.2 --out fleet");
        Command command = new("config", "Shows and changes the settings of a device in the field.") { get, set };
        return help.Add(
            command,
            "config get greenhouse-1 device --out fleet",
            "config set greenhouse-1 interval_ms=30000 --out fleet");
    }

    /// <summary>Makes a command that sends one command to one device.</summary>
    private void HandleRequest(
        Command command,
        Argument[] arguments,
        Option[] options,
        Func<ParseResult, string, CommandRequest> request,
        Func<JsonObject, string> show)
    {
        AccessOptions access = new();
        Argument<string> id = access.Device();
        Option<double?> timeout = new("--timeout")
        {
            Description = $"How many seconds to wait for the answer; {CommandSender.DefaultTimeoutSeconds} without it, "
                + "or until a device that is asleep has connected.",
        };
        command.Arguments.Add(id);
        Array.ForEach(arguments, command.Arguments.Add);
        Array.ForEach([.. options, timeout], command.Options.Add);
        access.AddTo(command);
        invocation.Handle(command, (typed, terminal, cancellation) =>
        {
            CommandRequest asked = request(typed, typed.GetValue(id)!) with
            {
                Timeout = typed.GetValue(timeout) is { } s ? Seconds.Read("--timeout", s) : null,
            };
            return new CommandSender(access.Read(typed), terminal).Send(asked, show, cancellation);
        });
    }

    private static CommandRequest OutputRequest(string id, string name, string action, int? ms)
    {
        JsonObject arguments = new() { ["name"] = name };
        bool isPulse = action == "pulse";
        if (!Actions.Contains(action))
        {
            throw new UserException($"action '{Plain.Text(action)}': on, off, toggle or pulse MS is allowed");
        }

        if (isPulse != ms.HasValue || ms is < 1 or > MaxPulseMs)
        {
            throw new UserException(!isPulse
                ? $"ms {ms}: only a pulse has a length"
                : ms == null
                    ? $"pulse: its length, 1 to {MaxPulseMs} ms, is needed behind it"
                    : $"pulse {ms}: 1 to {MaxPulseMs} ms are allowed");
        }

        if (isPulse)
        {
            arguments["ms"] = ms;
        }
        else if (action != "toggle")
        {
            arguments["on"] = action == "on";
        }

        string type = isPulse || action == "toggle" ? action : "set";
        return new CommandRequest(id, $"output.{type}", arguments.ToJsonString());
    }

    private static string ReadValues(string[] values)
    {
        JsonObject arguments = [];
        foreach (string text in values)
        {
            string[] parts = text.Split('=', 2);
            if (parts.Length < 2 || parts[0].Length == 0 || !arguments.TryAdd(parts[0], ReadValue(parts[1])))
            {
                throw new UserException(
                    $"setting '{Plain.Text(text)}': KEY=VALUE is allowed, each key once, as in interval_ms=30000");
            }
        }

        return arguments.ToJsonString();
    }

    private static JsonNode? ReadValue(string text) => text switch
    {
        "true" => true,
        "false" => false,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => ReadNumber(text),
        _ => text,
    };

    // As it is written: 30000 stays an integer.
    private static JsonNode? ReadNumber(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
