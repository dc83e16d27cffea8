using System.CommandLine;
using System.Text.Json.Nodes;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli;

/// <summary>The command line: what can be typed, and what is called for it.</summary>
internal sealed class Commands
{
    private const int DefaultTimeoutSeconds = 15;

    private readonly TextWriter _out;
    private readonly TextWriter _error;
    private readonly Option<DirectoryInfo> _folder = new("--out")
    {
        Description = "The folder that holds the fleet.",
        Required = true,
    };
    private readonly Option<string?> _operator = new("--operator")
    {
        Description = "As which operator; not needed when there is only one.",
    };

    private readonly Option<bool> _newBroker = new(Questions.NewBrokerOption)
    {
        Description = "The broker is to be found at a further place: else it is asked before a slip adds a listener.",
    };

    private Commands(TextWriter output, TextWriter error)
    {
        _out = output;
        _error = error;
    }

    /// <summary>Runs what was typed and gives the exit code.</summary>
    public static async Task<int> Run(string[] arguments, TextWriter output, TextWriter error)
    {
        ParseResult typed = Create(output, error).Parse(arguments);
        if (typed.Errors.Count > 0)
        {
            foreach (string message in typed.Errors.Select(parseError => parseError.Message))
            {
                await error.WriteLineAsync($"error: {Plain.Text(message)}");
            }

            await error.WriteLineAsync("devicequeue --help says what can be typed.");
            return ExitCode.BadInput;
        }

        // The command line's own time limit would cut off a clean disconnect.
        TimeSpan disconnect = TimeSpan.FromSeconds(10);
        return await typed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = disconnect });
    }

    private static RootCommand Create(TextWriter output, TextWriter error)
    {
        Commands commands = new(output, error);
        return new RootCommand("Provisions and operates a fleet of DeviceQueue devices.")
        {
            commands.Provision(), commands.Operator(), commands.Revoke(), commands.Rotate(), commands.Send(),
            commands.Watch(), commands.Device(),
        };
    }

    private Command Provision()
    {
        Option<string?> id = new("--id") { Description = "The device id: 1 to 32 of A-Z a-z 0-9 _ -" };
        Option<FileInfo?> csv = new("--csv")
        {
            Description = $"A table of devices; its columns are {string.Join(", ", FleetCsv.Columns)}. The other "
                + "options stand for empty cells.",
        };
        Option<string?> broker = new("--broker")
        {
            Description = "Where the devices find the broker: mqtts://host[:port]. Known after the first time.",
        };
        Option<string?> wifi = new("--wifi")
        {
            Description = "The name of the Wi-Fi. Its password is asked for, unless the next option or the variable "
                + Questions.PasswordVariable + " has it.",
        };
        Option<string?> passwordFile = new("--wifi-password-file")
        {
            Description = "A file whose first line is the password of the Wi-Fi; an empty one is an open network.",
        };
        Option<string?> board = new("--board")
        {
            Description = $"The kind of board: {Board.Allowed}. {Board.Default.Name} without it.",
        };
        Option<bool> certificate = new("--certificate")
        {
            Description = "The device gets a client certificate, and the broker's port demands one.",
        };
        Option<string?> settings = new("--settings")
        {
            Description = "A JSON file with further settings for devicequeue.json: outputs, intervals, options.",
        };
        Command command = new("provision", "Makes credentials, settings and the broker's files for a device or many.")
        {
            id, csv, broker, _newBroker, wifi, passwordFile, board, certificate, settings, _folder,
        };
        command.SetAction(result => Guard(() =>
        {
            Dictionary<string, string> given = [];
            Give(given, FleetCsv.Id, result.GetValue(id));
            Give(given, FleetCsv.Broker, result.GetValue(broker));
            Give(given, FleetCsv.Ssid, result.GetValue(wifi));
            Give(given, FleetCsv.PasswordFile, result.GetValue(passwordFile));
            Give(given, FleetCsv.Board, result.GetValue(board));
            Give(given, FleetCsv.Certificate, result.GetValue(certificate) ? "true" : null);
            Give(given, FleetCsv.Settings, result.GetValue(settings));
            FileInfo? table = result.GetValue(csv);
            if ((table == null) == !given.ContainsKey(FleetCsv.Id))
            {
                throw new UserException("--id or --csv is needed, one of them");
            }

            DeviceRequest[] requests = table == null
                ? [MakeRequest(given, Environment.CurrentDirectory)]
                : ReadTable(table, given);
            Report report = new(_out);
            report.Provisioned(Provisioner(result).AddDevices(requests), requests);
        }));
        return command;
    }

    private Command Operator()
    {
        Option<string> name = new("--name")
        {
            Description = "The operator's name: 1 to 32 of A-Z a-z 0-9 _ -",
            Required = true,
        };
        Option<string?> broker = new("--broker")
        {
            Description = "Where operators find the broker: mqtts://host:port, a port of their own. Without it, the "
                + "one behind the devices' port.",
        };
        Command command = new(
            "operator", "Makes credentials for a person or a program that reads everything and commands the devices.")
        {
            name, broker, _newBroker, _folder,
        };
        command.SetAction(result => Guard(() =>
        {
            BrokerUri? place = result.GetValue(broker) is { } uri ? BrokerUri.Parse(uri) : null;
            string person = result.GetValue(name)!;
            new Report(_out).OperatorAdded(Provisioner(result).AddOperator(person, place), person);
        }));
        return command;
    }

    private Command Revoke()
    {
        Argument<string> name = new("name") { Description = "The device id, or an operator's name." };
        Command command = new(
            "revoke", "Takes a device or an operator off the broker, at once, and deletes its credentials.")
        {
            name, _folder, _operator,
        };
        command.SetAction(result => Guard(() =>
        {
            string id = result.GetValue(name)!;
            ProvisioningResult revoked = Provisioner(result).Revoke(id);
            Report report = new(_out);
            report.Revoked(revoked, id);
            PublishOffline(result, report, revoked, isForEver: true);
        }));
        return command;
    }

    private Command Rotate()
    {
        Argument<string> name = new("name") { Description = "The device id, or an operator's name." };
        Command command = new(
            "rotate", "Gives a device a new password and a new command key, or an operator a new password.")
        {
            name, _folder, _operator,
        };
        command.SetAction(result => Guard(() =>
        {
            string id = result.GetValue(name)!;
            ProvisioningResult rotated = Provisioner(result).Rotate(id);
            Report report = new(_out);
            report.Rotated(rotated, id);
            PublishOffline(result, report, rotated, isForEver: false);
        }));
        return command;
    }

    private Command Device()
    {
        Argument<string> id = new("id") { Description = "The device id." };
        Option<FileInfo> settings = new("--settings")
        {
            Description = "A JSON file with the settings that are to be others; null takes one away.",
            Required = true,
        };
        Command set = new("set", "Changes the settings of a device; its secrets stay.") { id, settings, _folder };
        set.SetAction(result => Guard(() =>
        {
            string device = result.GetValue(id)!;
            JsonObject given = JsonFile.ReadForeign(result.GetRequiredValue(settings).FullName);
            new Report(_out).DeviceSet(Provisioner(result).SetDevice(device, given), device);
        }));
        return new Command("device", "Changes a device that is there.") { set };
    }

    private Command Send()
    {
        Argument<string> id = new("id") { Description = "The device id." };
        Argument<string> type = new("command") { Description = "The command, as in output.set" };
        Argument<string> arguments = new("arguments")
        {
            Description = "Its arguments, a JSON object.",
            DefaultValueFactory = _ => "{}",
        };
        Option<double> timeout = new("--timeout")
        {
            Description = "How many seconds to wait for the answer.",
            DefaultValueFactory = _ => DefaultTimeoutSeconds,
        };
        Option<string?> messageId = new("--message-id")
        {
            Description = "The id of an earlier command, to repeat it: it is carried out at most once.",
        };
        Command command = new("send", "Signs a command, sends it, and waits for the answer.")
        {
            id, type, arguments, timeout, messageId, _folder, _operator,
        };
        command.SetAction((result, cancellation) => Guard(async () =>
        {
            FleetFolder fleet = FleetFolder.Open(PathOf(result));
            CommandSender sender = new(
                OperatorClient.Options(fleet, fleet.FindOperator(result.GetValue(_operator))), _out, _error);
            TimeSpan limit = Seconds.Read("--timeout", result.GetValue(timeout));
            return await sender.Send(
                fleet.FindDevice(result.GetValue(id)!),
                result.GetValue(type)!,
                result.GetValue(arguments)!,
                result.GetValue(messageId),
                limit,
                cancellation);
        }));
        return command;
    }

    private Command Watch()
    {
        Argument<string?> id = new("id") { Description = "One device only.", DefaultValueFactory = _ => null };
        Option<double?> seconds = new("--seconds") { Description = "End by itself after so many seconds." };
        Command command = new("watch", "Shows what the devices say, as it comes. Ctrl-C ends it.")
        {
            id, seconds, _folder, _operator,
        };
        command.SetAction((result, cancellation) => Guard(async () =>
        {
            FleetFolder fleet = FleetFolder.Open(PathOf(result));
            string device = result.GetValue(id) is { } name ? fleet.FindDevice(name).Name : "+";
            Watcher watcher = new(
                OperatorClient.Options(fleet, fleet.FindOperator(result.GetValue(_operator))), _out, _error);
            return await watcher.Run(
                device,
                result.GetValue(seconds) is { } s ? Seconds.Read("--seconds", s) : Timeout.InfiniteTimeSpan,
                cancellation);
        }));
        return command;
    }

    private static void Give(Dictionary<string, string> given, string key, string? value)
    {
        if (value != null)
        {
            given[key] = value;
        }
    }

    private static DeviceRequest[] ReadTable(FileInfo table, Dictionary<string, string> given)
    {
        string folder = table.DirectoryName ?? Environment.CurrentDirectory;
        List<DeviceRequest> requests = [];
        foreach ((int line, IReadOnlyDictionary<string, string> cells) in FleetCsv.Read(table))
        {
            // Files that an option names are found from here, those that the table names from the table.
            Dictionary<string, string> row = new(given);
            foreach ((string key, string value) in cells)
            {
                row[key] = key is FleetCsv.PasswordFile or FleetCsv.Settings ? Path.Combine(folder, value) : value;
            }

            try
            {
                requests.Add(MakeRequest(row, Environment.CurrentDirectory));
            }
            catch (UserException e)
            {
                throw new UserException($"--csv {table}, line {line}: {e.Message}", e);
            }
        }

        return [.. requests];
    }

    private static DeviceRequest MakeRequest(Dictionary<string, string> given, string folder)
    {
        string Needed(string key) => given.GetValueOrDefault(key) ?? throw new UserException($"{key} is needed");
        string? File(string key) => given.TryGetValue(key, out string? path) ? Path.Combine(folder, path) : null;
        string? ssid = given.GetValueOrDefault(FleetCsv.Ssid);
        BrokerUri? broker = given.TryGetValue(FleetCsv.Broker, out string? uri) ? BrokerUri.Parse(uri) : null;
        DeviceRequest request = new(Needed(FleetCsv.Id), broker)
        {
            Board = given.TryGetValue(FleetCsv.Board, out string? board) ? Board.Find(board) : null,
            Ssid = ssid,
            WifiPassword = ssid == null
                ? null
                : File(FleetCsv.PasswordFile) is { } path
                    ? ReadFirstLine(path)
                    : Environment.GetEnvironmentVariable(Questions.PasswordVariable),
            NeedsCertificate = IsYes(FleetCsv.Certificate, given.GetValueOrDefault(FleetCsv.Certificate)),
            Settings = File(FleetCsv.Settings) is { } settings ? JsonFile.ReadForeign(settings) : null,
        };
        request.Check();
        return request;
    }

    // As spreadsheets and people write it.
    private static bool IsYes(string key, string? text) => text?.ToLowerInvariant() switch
    {
        null or "false" or "no" or "0" => false,
        "true" or "yes" or "1" => true,
        _ => throw new UserException($"{key} '{text}': true or false is allowed"),
    };

    private static string ReadFirstLine(string path) => TextFile.Read(path).Split('\n')[0].TrimEnd('\r');

    private void PublishOffline(ParseResult typed, Report report, ProvisioningResult done, bool isForEver)
    {
        if (done is { Device: { } device, IsReloaded: true })
        {
            string? trouble = OfflineStatus.TryPublish(PathOf(typed), typed.GetValue(_operator), device, isForEver);
            report.SaidOffline(device, trouble);
        }
    }

    private Provisioner Provisioner(ParseResult typed) =>
        new(PathOf(typed), new Questions(_error, typed.CommandResult.Command.Options.Contains(_newBroker)
            && typed.GetValue(_newBroker)));

    // The path stands in mosquitto.conf, where a line break would begin a line of its own.
    private string PathOf(ParseResult result)
    {
        string path = result.GetRequiredValue(_folder).FullName;
        return path == Plain.Text(path)
            ? path
            : throw new UserException($"--out '{Plain.Text(path)}': a path without control characters is needed");
    }

    private int Guard(Action action) => Guard(() =>
    {
        action();
        return Task.FromResult(ExitCode.Done);
    }).GetAwaiter().GetResult();

    private async Task<int> Guard(Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception e) when (e is UserException or IOException or UnauthorizedAccessException)
        {
            _error.WriteLine($"error: {Plain.Text(e.Message)}");
            return ExitCode.BadInput;
        }
    }
}
