using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceQueue.Configuration;
using DeviceQueue.Connecting;
using DeviceQueue.Desktop;
using DeviceQueue.Esp32;
using DeviceQueue.Json;
using DeviceQueue.Settings;
using Mosquitto;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// The folder that holds a fleet: <c>ca</c>, <c>broker</c>, <c>devices/ID</c> and <c>operators/NAME</c>. The last two say who belongs to it; what the broker reads is made from
/// them.
/// </summary>
internal sealed class FleetFolder
{
    public const string Authority = "ca";
    public const string AuthorityCertificate = "ca.crt";
    public const string AuthorityKey = "ca.key";
    public const string Broker = "broker";
    public const string DevicesFolder = "devices";
    public const string OperatorsFolder = "operators";
    public const string OperatorFile = "operator.json";
    public const string ClientCertificate = "client.crt";
    public const string ClientKey = "client.key";
    public const string FileDeployment = "files.json";
    public const string NetworkDeployment = "network.json";
    public const string Steps = "flash.txt";

    private FleetFolder(string root)
    {
        Root = root;
        Devices = ReadAll(DevicesFolder, SettingsLoader.FileName);
        Operators = ReadAll(OperatorsFolder, OperatorFile);
    }

    public string Root { get; }

    public IReadOnlyDictionary<string, Member> Devices { get; }

    public IReadOnlyDictionary<string, Member> Operators { get; }

    /// <summary>Reads a folder; one that is not there is an empty fleet.</summary>
    /// <exception cref="UserException">Something in it is missing, or not what was made.</exception>
    public static FleetFolder Open(string path)
    {
        string root = Path.GetFullPath(path);
        FleetChange.RequireNone(root);
        try
        {
            return new FleetFolder(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{root} cannot be read: {e.Message}", e);
        }
    }

    public static string DevicePath(string id) => Path.Combine(DevicesFolder, id);

    public static string OperatorPath(string name) => Path.Combine(OperatorsFolder, name);

    public string FullPath(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <exception cref="UserException">There is none.</exception>
    public Member FindDevice(string id) => Devices.TryGetValue(id, out Member? device)
        ? device
        : throw new UserException($"there is no device '{PayloadText.Clean(id)}' in {FullPath(DevicesFolder)}; it has {List(Devices.Keys)}");

    /// <summary>Finds an operator; without a name, the only one.</summary>
    /// <exception cref="UserException">There is none, or more than one to choose from.</exception>
    public Member FindOperator(string? name)
    {
        if (name == null && Operators.Count == 1)
        {
            return Operators.Values.First();
        }

        return name != null && Operators.TryGetValue(name, out Member? found)
            ? found
            : throw new UserException(Operators.Count == 0
                ? $"{Root} has no operator: make one with devicequeue operator --name NAME --out {NextSteps.Quote(Root)}"
                : $"--operator '{name}': one of {List(Operators.Keys)} is needed");
    }

    /// <summary>Loads the authority; null when there is none yet.</summary>
    /// <exception cref="UserException">Its files are incomplete or do not belong together.</exception>
    public CertificateIssuer? LoadAuthority()
    {
        if (!Directory.Exists(FullPath(Authority)))
        {
            return Devices.Count + Operators.Count == 0
                ? null
                : throw new UserException($"{FullPath(Authority)} is missing: put it back; with another authority no device would trust the broker any more");
        }

        try
        {
            return CertificateIssuer.Load(ReadText(Authority, AuthorityCertificate), ReadText(Authority, AuthorityKey));
        }
        catch (CryptographicException e)
        {
            throw new UserException($"{FullPath(Authority)}: {AuthorityCertificate} and {AuthorityKey} are not a certificate and its key", e);
        }
    }

    /// <summary>Checks a device's settings as the board does.</summary>
    /// <exception cref="UserException">They are not good; the text names each key.</exception>
    public static SettingsDraft Check(string name, byte[] file, string defaultId)
    {
        ConfigProblems problems = new();
        JsonConfigReader reader = new(name, new BytesSource(file, file.Length), problems);
        SettingsDraft? settings = SettingsDraft.Read(reader, new Esp32Pins(hasPsram: false), defaultId);
        if (settings != null && file.Length > SettingsLoader.MaxFileBytes)
        {
            problems.AddError($"{file.Length} bytes; at most {SettingsLoader.MaxFileBytes} are allowed");
        }

        return problems.ErrorCount == 0
            ? settings!
            : throw new UserException(string.Join('\n', Enumerable.Range(0, problems.KeptErrors).Select(i => $"{name}: {problems.GetError(i)}")));
    }

    private static string List(IEnumerable<string> names) => names.Any() ? string.Join(", ", names) : "none";

    private Dictionary<string, Member> ReadAll(string folder, string file)
    {
        string path = FullPath(folder);
        string[] names = Directory.Exists(path) ? [.. Directory.GetDirectories(path).Select(name => Path.GetFileName(name)).Order(StringComparer.Ordinal)] : [];
        return names.ToDictionary(name => name, name => ReadMember(folder, name, file));
    }

    private Member ReadMember(string folder, string name, string file)
    {
        JsonObject json = JsonFile.Read(Complete(folder, name, file));
        SettingsDraft draft = Check(FullPath(folder, name, file), File.ReadAllBytes(FullPath(folder, name, file)), name);
        DeviceSettings settings = draft.Device;
        ConnectionParams connection = draft.Connections[0];
        CredentialParams? credential = draft.Credentials.FirstOrDefault();
        TlsParams tls = draft.Tls;
        bool isDevice = folder == DevicesFolder;
        bool isPlain = json["credential"] is JsonObject && (!isDevice || json["device"] is JsonObject);
        if (!isPlain || settings.Id != name || credential?.Username != name || credential.Password == null || !connection.IsSecure || (isDevice && settings.CommandKey == null))
        {
            throw new UserException(
                $"{FullPath(folder, name, file)} is not what was made for {name}: it needs the id and the user name {name}, a password, {(isDevice ? "a command_key, " : "")}and a connection by mqtts");
        }

        foreach (string needed in new[] { tls.AuthorityFile, tls.CertificateFile, tls.KeyFile }.OfType<string>())
        {
            Complete(folder, name, needed);
        }

        return new Member(name, new BrokerUri(connection.Host, connection.Port), credential.Password)
        {
            CommandKey = settings.CommandKey,
            HasCertificate = tls.CertificateFile != null,
            Settings = json,
        };
    }

    private string Complete(string folder, string name, string file) => File.Exists(FullPath(folder, name, file))
        ? FullPath(folder, name, file)
        : throw new UserException($"{FullPath(folder, name)} is incomplete: {file} is missing. Put it back, or delete the folder and provision {name} again");

    private string ReadText(string folder, string file) => File.Exists(FullPath(folder, file))
        ? File.ReadAllText(FullPath(folder, file))
        : throw new UserException($"{FullPath(folder)} is incomplete: {file} is missing");
}
