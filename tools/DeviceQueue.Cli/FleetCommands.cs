using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli;

/// <summary>The commands that change a fleet's folder.</summary>
internal sealed class FleetCommands(Invocation invocation, HelpPages help)
{
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

    private readonly Option<bool> _sleep = new("--sleep")
    {
        Description = "The device sleeps between readings, and its board joins the Wi-Fi only to connect.",
    };

    private readonly Option<string?> _connectEvery = new("--connect-every")
    {
        Description = "With --sleep: at which reading the device connects. 1, each one, without it.",
    };

    public IEnumerable<Command> All() => [Provision(), Operator(), Revoke(), Rotate(), Device()];

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
            id, csv, broker, _newBroker, wifi, passwordFile, board, certificate, settings, _sleep, _connectEvery,
            _folder,
        };
        invocation.Handle(command, (result, terminal) =>
        {
            Dictionary<string, string> given = [];
            Give(given, FleetCsv.Id, result.GetValue(id));
            Give(given, FleetCsv.Broker, result.GetValue(broker));
            Give(given, FleetCsv.Ssid, result.GetValue(wifi));
            Give(given, FleetCsv.PasswordFile, result.GetValue(passwordFile));
            Give(given, FleetCsv.Board, result.GetValue(board));
            Give(given, FleetCsv.Certificate, result.GetValue(certificate) ? "true" : null);
            Give(given, FleetCsv.Settings, result.GetValue(settings));
            Give(given, FleetCsv.Sleep, result.GetValue(_sleep) ? "true" : null);
            Give(given, FleetCsv.ConnectEvery, result.GetValue(_connectEvery));
            FileInfo? table = result.GetValue(csv);
            if ((table == null) == !given.ContainsKey(FleetCsv.Id))
            {
                throw new UserException("--id or --csv is needed, one of them");
            }

            DeviceRequest[] requests = table == null
                ? [MakeRequest(given, Environment.CurrentDirectory)]
                : ReadTable(table, given);
            Report report = new(terminal.Out);
            report.Provisioned(Provisioner(result, terminal).AddDevices(requests), requests);
        });
        return help.Add(
            command,
            "provision --id greenhouse-1 --broker mqtts://192.168.1.10 --wifi \"my network\" --out fleet",
            "provision --id desk-1 --broker mqtts://127.0.0.1 --settings relay.json --out fleet",
            "provision --id shed-1 --board firebeetle2-esp32-e --sleep --connect-every 12 --out fleet",
            "provision --csv fleet.csv --out fleet");
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
        invocation.Handle(command, (result, terminal) =>
        {
            BrokerUri? place = result.GetValue(broker) is { } uri ? BrokerUri.Parse(uri) : null;
            string person = result.GetValue(name)!;
            new Report(terminal.Out).OperatorAdded(Provisioner(result, terminal).AddOperator(person, place), person);
        });
        return help.Add(
            command,
            "operator --name alice --out fleet",
            "operator --name dashboard --broker mqtts://192.168.1.10:8890 --out fleet");
    }

    private Command Revoke()
    {
        Argument<string> name = new("name") { Description = "The device id, or an operator's name." };
        Command command = new(
            "revoke", "Takes a device or an operator off the broker, at once, and deletes its credentials.")
        {
            name, _folder, _operator,
        };
        invocation.Handle(command, (result, terminal) =>
        {
            string id = result.GetValue(name)!;
            ProvisioningResult revoked = Provisioner(result, terminal).Revoke(id);
            Report report = new(terminal.Out);
            report.Revoked(revoked, id);
            PublishOffline(result, report, revoked, isForEver: true);
        });
        return help.Add(command, "revoke greenhouse-1 --out fleet", "revoke alice --out fleet");
    }

    private Command Rotate()
    {
        Argument<string> name = new("name") { Description = "The device id, or an operator's name." };
        Command command = new(
            "rotate", "Gives a device a new password and a new command key, or an operator a new password.")
        {
            name, _folder, _operator,
        };
        invocation.Handle(command, (result, terminal) =>
        {
            string id = result.GetValue(name)!;
            ProvisioningResult rotated = Provisioner(result, terminal).Rotate(id);
            Report report = new(terminal.Out);
            report.Rotated(rotated, id);
            PublishOffline(result, report, rotated, isForEver: false);
        });
        return help.Add(command, "rotate greenhouse-1 --out fleet", "rotate alice --out fleet");
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
        invocation.Handle(set, (result, terminal) =>
        {
            string device = result.GetValue(id)!;
            JsonObject given = JsonFile.ReadForeign(result.GetRequiredValue(settings).FullName);
            new Report(terminal.Out).DeviceSet(Provisioner(result, terminal).SetDevice(device, given), device);
        });
        help.Add(set, "device set greenhouse-1 --settings relay.json --out fleet");
        Command command = new("device", "Changes a device that is there.") { set };
        return help.Add(command, "device set greenhouse-1 --settings relay.json --out fleet");
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
                    ? TextFile.ReadFirstLine(path)
                    : Environment.GetEnvironmentVariable(Questions.PasswordVariable),
            NeedsCertificate = IsYes(FleetCsv.Certificate, given.GetValueOrDefault(FleetCsv.Certificate)),
            Settings = AddSleep(
                given, File(FleetCsv.Settings) is { } settings ? JsonFile.ReadForeign(settings) : null),
        };
        request.Check();
        return request;
    }

    // Puts what is asked of sleep over the settings of a file. The board checks the numbers.
    private static JsonObject? AddSleep(Dictionary<string, string> given, JsonObject? settings)
    {
        string? every = given.GetValueOrDefault(FleetCsv.ConnectEvery);
        if (!IsYes(FleetCsv.Sleep, given.GetValueOrDefault(FleetCsv.Sleep)))
        {
            return every == null
                ? settings
                : throw new UserException($"{FleetCsv.ConnectEvery} '{Plain.Text(every)}': it goes with sleep");
        }

        JsonObject device = new() { ["sleep"] = true };
        if (every != null)
        {
            device["connect_every"] = int.TryParse(every, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
                ? n
                : throw new UserException($"{FleetCsv.ConnectEvery} '{Plain.Text(every)}': a whole number is allowed");
        }

        JsonObject all = settings ?? [];
        if (!all.TryGetPropertyValue("device", out JsonNode? own) || own is JsonObject)
        {
            JsonFile.Merge(all, new JsonObject { ["device"] = device });
        }

        return all;
    }

    // As spreadsheets and people write it.
    private static bool IsYes(string key, string? text) => text?.ToLowerInvariant() switch
    {
        null or "false" or "no" or "0" => false,
        "true" or "yes" or "1" => true,
        _ => throw new UserException($"{key} '{text}': true or false is allowed"),
    };

    private void PublishOffline(ParseResult typed, Report report, ProvisioningResult done, bool isForEver)
    {
        if (done is { Device: { } device, IsReloaded: true })
        {
            string? trouble = OfflineStatus.TryPublish(PathOf(typed), typed.GetValue(_operator), device, isForEver);
            report.SaidOffline(device, trouble);
        }
    }

    private Provisioner Provisioner(ParseResult typed, Terminal terminal) =>
        new(PathOf(typed), new Questions(terminal.Error, typed.CommandResult.Command.Options.Contains(_newBroker)
            && typed.GetValue(_newBroker)));

    private string PathOf(ParseResult typed) => AccessOptions.PathOf(typed.GetRequiredValue(_folder));
}
