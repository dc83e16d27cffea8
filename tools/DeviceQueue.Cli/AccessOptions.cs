using System.CommandLine;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;
using Mqtt;

namespace DeviceQueue.Cli;

/// <summary>The options that say how to come to a broker: the folder of a fleet, or the broker itself.</summary>
internal sealed class AccessOptions
{
    private const int MinKeyBytes = 32;
    private const int MaxKeyBytes = 64;

    private readonly Option<string?> _broker = new("--broker")
    {
        Description = "The broker: mqtt://[user:password@]host[:port], or mqtts://… for TLS.",
    };

    private readonly Option<string?> _user = new("--user") { Description = "The user name at the broker." };
    private readonly Option<FileInfo?> _passwordFile = new("--password-file")
    {
        Description = "A file whose first line is the password at the broker.",
    };

    private readonly Option<FileInfo?> _keyFile = new("--key-file")
    {
        Description = "A file with the device's command key, in hexadecimal digits, or the device's "
            + SettingsLoader.FileName + "; not needed for a device without a key.",
    };

    private readonly Option<FileInfo?> _authority = new("--ca")
    {
        Description = "The certificate that the broker's is signed with; without it, those that this computer trusts.",
    };

    private readonly Option<DirectoryInfo?> _folder = new("--out")
    {
        Description = "The folder of a fleet, in place of --broker: it knows the broker, the operator and the keys.",
    };

    private readonly Option<string?> _operator = new("--operator")
    {
        Description = "With --out, as which operator; not needed when there is only one.",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_broker, _user, _passwordFile, _keyFile, _authority, _folder, _operator])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Makes an argument that is completed with the devices of the fleet.</summary>
    public Argument<string> Device()
    {
        Argument<string> id = new("id") { Description = "The device id." };
        id.CompletionSources.Add(context => DevicesOf(context.ParseResult));
        return id;
    }

    /// <exception cref="UserException">They do not say it, or say it twice.</exception>
    public BrokerAccess Read(ParseResult typed)
    {
        string? uri = typed.GetValue(_broker);
        if (typed.GetValue(_folder) is { } folder)
        {
            Option? other = new Option[] { _broker, _user, _passwordFile, _keyFile, _authority }
                .FirstOrDefault(option => typed.GetResult(option) != null);
            return other == null
                ? BrokerAccess.OfFleet(FleetFolder.Open(PathOf(folder)), typed.GetValue(_operator))
                : throw new UserException(
                    $"{other.Name} and --out: the folder says it already; one of them is allowed");
        }

        if (uri == null)
        {
            throw new UserException("--broker mqtt://host[:port] is needed, or --out FOLDER with a fleet");
        }

        BrokerAccess access = BrokerAccess.Of(uri);
        string? password = typed.GetValue(_passwordFile) is { } file ? TextFile.ReadFirstLine(file.FullName) : null;
        return access with
        {
            Key = typed.GetValue(_keyFile) is { } key ? ReadKey(key.FullName) : null,
            Client = access.Client with
            {
                Username = typed.GetValue(_user) ?? access.Client.Username,
                Password = password ?? access.Client.Password,
                Tls = ReadAuthority(access, typed.GetValue(_authority)),
            },
        };
    }

    // The path stands in mosquitto.conf, where a line break would begin a line of its own.
    public static string PathOf(DirectoryInfo folder) => folder.FullName == Plain.Text(folder.FullName)
        ? folder.FullName
        : throw new UserException(
            $"--out '{Plain.Text(folder.FullName)}': a path without control characters is needed");

    private static TlsOptions? ReadAuthority(BrokerAccess access, FileInfo? file)
    {
        if (file == null)
        {
            return access.Client.Tls;
        }

        return access.Client.Tls == null
            ? throw new UserException($"--ca {file}: it belongs to a broker with TLS, --broker mqtts://…")
            : access.Client.Tls with { Authorities = File.ReadAllBytes(file.FullName) };
    }

    private static byte[] ReadKey(string path)
    {
        string text = TextFile.Read(path);
        string digits = text.TrimStart().StartsWith('{')
            ? JsonFile.ReadForeign(path)["device"]?["command_key"]?.ToString() ?? ""
            : text.Split('\n')[0].Trim();
        bool isKey = digits.Length is >= 2 * MinKeyBytes and <= 2 * MaxKeyBytes && digits.Length % 2 == 0
            && digits.All(char.IsAsciiHexDigit);
        return isKey ? Convert.FromHexString(digits) : throw new UserException(
            $"--key-file {path}: {2 * MinKeyBytes} to {2 * MaxKeyBytes} hexadecimal digits are needed in its first "
            + "line, or as device.command_key of a settings file");
    }

    private IEnumerable<string> DevicesOf(ParseResult typed)
    {
        string path = Path.Combine(typed.GetValue(_folder)?.FullName ?? "", FleetFolder.DevicesFolder);
        return Directory.Exists(path)
            ? Directory.GetDirectories(path).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)
            : [];
    }
}
