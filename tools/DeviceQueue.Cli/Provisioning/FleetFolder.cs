using System.Security.Cryptography;
using Brokers;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// The folder that holds a fleet: <c>ca</c>, <c>broker</c>, <c>devices/ID</c> and <c>operators/NAME</c>. The last two
/// say who belongs to it; what the broker reads is made from them.
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
    public const string RevokedCertificates = "ca.crl";
    public const string ClientCertificate = "client.crt";
    public const string ClientKey = "client.key";
    public const string FileDeployment = "files.json";
    public const string NetworkDeployment = "network.json";
    public const string Steps = "flash.txt";
    public const string BoardFile = "board.txt";

    private FleetFolder(string root)
    {
        Root = root;
        Devices = ReadAll(DevicesFolder, SettingsLoader.FileName);
        Operators = ReadAll(OperatorsFolder, OperatorFile);
    }

    public string Root { get; }

    public IReadOnlyDictionary<string, Member> Devices { get; }

    public IReadOnlyDictionary<string, Member> Operators { get; }

    /// <summary>Demands that a folder is there: a lock would make it, and a slip of the keyboard leave it.</summary>
    /// <exception cref="UserException">It is not there.</exception>
    public static void Require(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new UserException($"--out {path}: there is no such folder, and the folder of a fleet is needed");
        }
    }

    /// <summary>Reads a folder while no other run changes it.</summary>
    /// <exception cref="UserException">Something in it is missing, or not what was made.</exception>
    public static FleetFolder Open(string path)
    {
        Require(path);
        using FleetLock held = FleetLock.Take(path);
        return Open(held);
    }

    /// <summary>Reads the folder that is held for a change.</summary>
    /// <exception cref="UserException">Something in it is missing, or not what was made.</exception>
    public static FleetFolder Open(FleetLock held)
    {
        FleetChange.RequireNone(held.Root);
        try
        {
            return new FleetFolder(held.Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{held.Root} cannot be read: {e.Message}", e);
        }
    }

    public static string DevicePath(string id) => Path.Combine(DevicesFolder, id);

    public static string OperatorPath(string name) => Path.Combine(OperatorsFolder, name);

    public string FullPath(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <exception cref="UserException">There is none.</exception>
    public Member FindDevice(string id) => Devices.TryGetValue(id, out Member? device)
        ? device
        : throw new UserException(
            $"there is no device '{Plain.Text(id)}' in {FullPath(DevicesFolder)}; it has {List(Devices.Keys)}");

    /// <summary>Finds an operator; without a name, the only one.</summary>
    /// <exception cref="UserException">There is none, or more than one to choose from.</exception>
    public Member FindOperator(string? name)
    {
        if (Operators.Count == 0)
        {
            string how = $"devicequeue operator --name NAME --out {NextSteps.Quote(Root)}";
            throw new UserException($"{Root} has no operator: make one with {how}");
        }

        if (name == null)
        {
            return Operators.Count == 1
                ? Operators.Values.First()
                : throw new UserException(
                    $"there are the operators {List(Operators.Keys)}: say as which, by --operator NAME");
        }

        return Operators.TryGetValue(name, out Member? found)
            ? found
            : throw new UserException($"--operator '{Plain.Text(name)}': one of {List(Operators.Keys)} is needed");
    }

    /// <summary>Loads the authority; null when there is none yet.</summary>
    /// <exception cref="UserException">Its files are incomplete or do not belong together.</exception>
    public CertificateIssuer? LoadAuthority()
    {
        if (!Directory.Exists(FullPath(Authority)))
        {
            return Devices.Count + Operators.Count == 0
                ? null
                : throw new UserException(
                    $"{FullPath(Authority)} is missing: put it back; with another authority no device would trust the "
                    + "broker any more");
        }

        try
        {
            return CertificateIssuer.Load(ReadText(Authority, AuthorityCertificate), ReadText(Authority, AuthorityKey));
        }
        catch (CryptographicException e)
        {
            throw new UserException(
                $"{FullPath(Authority)}: {AuthorityCertificate} and {AuthorityKey} are not a certificate and its key",
                e);
        }
    }

    private static string List(IEnumerable<string> names) => names.Any() ? string.Join(", ", names) : "none";

    private Dictionary<string, Member> ReadAll(string folder, string file)
    {
        string path = FullPath(folder);
        string[] names = Directory.Exists(path)
            ? [.. Directory.GetDirectories(path).Select(name => Path.GetFileName(name)).Order(StringComparer.Ordinal)]
            : [];
        return names.ToDictionary(name => name, name => ReadMember(folder, name, file));
    }

    private Member ReadMember(string folder, string name, string file)
    {
        string path = Complete(folder, name, file);
        JsonFile.Read(path); // says what is wrong in an editor's words
        (Member member, TlsParams tls) =
            MemberFile.Parse(path, File.ReadAllBytes(path), name, folder == DevicesFolder ? ReadBoard(name) : null);
        foreach (string needed in new[] { tls.AuthorityFile, tls.CertificateFile, tls.KeyFile }.OfType<string>())
        {
            Complete(folder, name, needed);
        }

        return member;
    }

    // A device of before there was a choice has no such file.
    private Board ReadBoard(string id)
    {
        string path = FullPath(DevicesFolder, id, BoardFile);
        if (!File.Exists(path))
        {
            return Board.Default;
        }

        try
        {
            return Board.Find(File.ReadAllText(path).Trim());
        }
        catch (UserException e)
        {
            throw new UserException($"{path}: {e.Message}", e);
        }
    }

    private string Complete(string folder, string name, string file) => File.Exists(FullPath(folder, name, file))
        ? FullPath(folder, name, file)
        : throw new UserException(
            $"{FullPath(folder, name)} is incomplete: {file} is missing. Put it back, or delete the folder and "
            + $"provision {name} again");

    private string ReadText(string folder, string file) => File.Exists(FullPath(folder, file))
        ? File.ReadAllText(FullPath(folder, file))
        : throw new UserException($"{FullPath(folder)} is incomplete: {file} is missing");
}
