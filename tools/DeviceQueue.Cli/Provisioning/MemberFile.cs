using System.Text.Json.Nodes;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;
using DeviceQueue.Text;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Reads settings of a device or an operator as a board does: flattened, each key and pin checked.</summary>
internal static class MemberFile
{
    /// <param name="path">The file's name, for what is wrong with it.</param>
    /// <param name="file">What is in it.</param>
    /// <param name="name">The device id or the operator's name.</param>
    /// <param name="board">The device's board; null for an operator.</param>
    /// <exception cref="UserException">It is not what was made for that name; the text names each key.</exception>
    public static (Member Member, TlsParams Tls) Parse(string path, byte[] file, string name, Board? board)
    {
        bool isDevice = board != null;
        ConfigProblems problems = new();
        SettingsDraft? draft = SettingsDraft.Read(
            new JsonConfigReader(path, new BytesSource(file, file.Length), problems), board?.Pins, name);
        if (draft != null && file.Length > SettingsLoader.MaxFileBytes)
        {
            problems.AddError($"{file.Length} bytes; at most {SettingsLoader.MaxFileBytes} are allowed");
        }

        RequireGood(path, problems);
        DeviceSettings settings = draft!.Device;
        ConnectionParams[] connections = draft.Connections;
        CredentialParams[] credentials = draft.Credentials;
        TlsParams tls = draft.Tls;
        JsonObject json = JsonFile.Parse(path, file);

        // Rotate writes into these sections.
        bool isPlain = json["credential"] is JsonObject && (!isDevice || json["device"] is JsonObject);
        bool isOne = connections is [{ IsSecure: true, Host: not null, Username: null }]
            && credentials is [{ Password: not null, StoreKey: null }]
            && credentials[0].Username == name;
        if (!isPlain || !isOne || settings.Id != name || (isDevice && settings.CommandKey == null))
        {
            string key = isDevice ? "a command_key, " : "";
            throw new UserException($"{path} is not what was made for {name}: "
                + $"it needs the id and the user name {name}, a password, {key}and one connection, by mqtts");
        }

        BrokerUri broker = new(connections[0].Host, connections[0].Port);
        Member member = new(name, broker, credentials[0].Password)
        {
            CommandKey = settings.CommandKey,
            Board = board ?? Board.Default,
            HasCertificate = tls.CertificateFile != null,
            Sleeps = settings.Sleep is { IsOn: true },
            Settings = json,
        };
        return (member, tls);
    }

    private static void RequireGood(string path, ConfigProblems problems)
    {
        if (problems.ErrorCount > 0)
        {
            IEnumerable<string> errors = Enumerable.Range(0, problems.KeptErrors).Select(problems.GetError);
            throw new UserException($"{path}: {string.Join("; ", errors)}");
        }
    }
}
