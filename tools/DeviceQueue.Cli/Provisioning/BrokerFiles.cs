using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Brokers;
using DeviceQueue.Desktop;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Makes the files that Mosquitto reads, from who belongs to a fleet.</summary>
internal sealed class BrokerFiles(
    FleetFolder fleet,
    IReadOnlyList<Member> devices,
    IReadOnlyList<Member> operators)
{
    public const string Configuration = "mosquitto.conf";
    public const string ServerCertificate = "server.crt";
    public const string ServerKey = "server.key";
    public const string OwnLines = "conf.d";
    public const string Data = "data";
    public const string PidFile = "mosquitto.pid";

    // Behind the number of their port: each listener has its own.
    private const string Passwords = ".passwords";
    private const string AccessList = ".acl";

    // What a board can hold: its client library allocates as much as a message says it has.
    private const int MessageSizeLimitBytes = 8192;

    // A session that is kept for a device which never comes back, in days.
    private const int SessionDays = 7;

    private static readonly string[] OperatorRights = ["readwrite #", "read $SYS/#"];

    private static string UserLines => OperatingSystem.IsWindows()
        ? ""
        : "# Started as root, it becomes this user, who can read what is in this folder.\n"
            + $"user {Environment.UserName}\n";

    private string Folder => fleet.FullPath(FleetFolder.Broker);

    private IEnumerable<Member> Members => devices.Concat(operators);

    // Those in use, and those that a running broker may still have, which let no client in any more: these stay as they
    // are, or it would have to be started again for nothing.
    private IReadOnlyList<BrokerListener> Listeners
    {
        get
        {
            BrokerListener[] used = [.. Members.GroupBy(member => member.Broker.Port).Select(ListenerOf)];
            IEnumerable<BrokerListener> earlier = BrokerListener.ReadAll(ReadEarlier(Configuration));
            return [.. used.UnionBy(earlier, listener => listener.Port).OrderBy(listener => listener.Port)];
        }
    }

    /// <summary>Gives the ports of a configuration that was made here.</summary>
    public static IReadOnlyList<int> PortsOf(string configuration) =>
        [.. BrokerListener.ReadAll(configuration).Select(listener => listener.Port)];

    /// <summary>Says whether the broker lets a name in.</summary>
    public static bool Knows(FleetFolder fleet, string name)
    {
        string folder = fleet.FullPath(FleetFolder.Broker);
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, $"*{AccessList}") : [];
        return files.Any(file => File.ReadLines(file).Contains($"user {name}"));
    }

    /// <exception cref="UserException">The members of one port need different listeners.</exception>
    public void AddTo(FleetChange change, CertificateIssuer issuer)
    {
        // The certificate and the key first: a configuration must never name files that are not there.
        AddServerCertificate(change, issuer);
        change.SetFile(PathOf(FleetFolder.AuthorityCertificate), DeviceFiles.Pem(issuer.Certificate));
        foreach (int port in Listeners.Select(listener => listener.Port))
        {
            Member[] members = [.. Members.Where(member => member.Broker.Port == port)];
            RequireOneKind(port, members);
            string earlier = ReadEarlier($"{port}{Passwords}");
            IEnumerable<Member> byPassword = members.Where(member => !member.HasCertificate);
            string passwords = PasswordFile.Write(byPassword.Select(member => (member.Name, member.Password)), earlier);
            change.SetFile(PathOf($"{port}{Passwords}"), Encoding.UTF8.GetBytes(passwords));
            change.SetFile(PathOf($"{port}{AccessList}"), Encoding.UTF8.GetBytes(MakeAccessList(members)));
        }

        change.SetFile(PathOf(Configuration), Encoding.UTF8.GetBytes(MakeConfiguration()));
        change.AddEmptyFolder(PathOf(OwnLines));
        change.AddEmptyFolder(PathOf(Data));
    }

    private static string PathOf(string name) => Path.Combine(FleetFolder.Broker, name);

    private static bool IsLoopback(string host) => host is "localhost" or "127.0.0.1";

    private string ReadEarlier(string name) =>
        File.Exists(Path.Combine(Folder, name)) ? File.ReadAllText(Path.Combine(Folder, name)) : "";

    private BrokerListener ListenerOf(IGrouping<int, Member> members) => new(members.Key)
    {
        IsLocal = members.All(member => IsLoopback(member.Broker.Host)),
        IsOfDevices = members.Any(devices.Contains),
        NeedsCertificate = members.Any(member => member.HasCertificate),
    };

    private string MakeAccessList(IEnumerable<Member> members)
    {
        StringBuilder text = new("# Made by devicequeue, and made again at each change.\n");
        foreach (Member member in members)
        {
            text.Append($"\nuser {member.Name}\n");
            string[] rights = devices.Contains(member) ? DeviceRights(member.Name) : OperatorRights;
            text.AppendJoin("", rights.Select(right => $"topic {right}\n"));
        }

        return text.ToString();
    }

    // It reads its own status to correct what another said in its name, and clears its own command topic of a retained
    // message that is too large for it: the latter is in what it may write.
    private static string[] DeviceRights(string id)
    {
        DeviceTopics topics = new(id);
        return
        [
            $"write sensor/{id}/#",
            $"write homeassistant/device/{id}/config",
            $"write homeassistant/sensor/{id}/+/config",
            $"read {topics.Command}",
            $"read {topics.Status}",
            $"read {topics.OfOutput("+")}/set",
            "read homeassistant/status",
        ];
    }

    private string MakeConfiguration()
    {
        StringBuilder text = new($"""
            # Made by devicequeue, and made again at each change. Lines of your own belong into files named *.conf in
            # {OwnLines}; a listener there names its own password_file and acl_file, and lets in no others' users.
            # SIGHUP makes a running mosquitto read passwords, access lists and certificates again; other listeners need
            # a restart. No access list refuses a subscription: in a $share group whose name it knows, a device swallows
            # its share of what the others are to read. Give such a group a name that cannot be guessed.
            per_listener_settings true

            {UserLines}pid_file {Path.Combine(Folder, PidFile)}

            persistence true
            persistence_location {Path.Combine(Folder, Data)}{Path.DirectorySeparatorChar}
            autosave_interval 60
            persistent_client_expiration {SessionDays}d
            message_size_limit {MessageSizeLimitBytes}
            set_tcp_nodelay true

            log_dest stderr
            log_type error
            log_type warning
            log_type notice
            log_type information

            """.ReplaceLineEndings("\n"));
        foreach (BrokerListener listener in Listeners)
        {
            AddListener(text, listener);
        }

        return text.Append($"\ninclude_dir {Path.Combine(Folder, OwnLines)}\n").ToString();
    }

    private void RequireOneKind(int port, Member[] members)
    {
        Member? device = Array.Find(members, devices.Contains);
        Member? person = Array.Find(members, operators.Contains);
        if (device != null && person != null)
        {
            string both = $"devices ({device.Name}) and of operators ({person.Name})";
            throw new UserException($"port {port} is that of {both}: "
                + "devices and operators need ports of their own");
        }

        Member? with = Array.Find(members, member => member.HasCertificate);
        Member? without = Array.Find(members, member => !member.HasCertificate);
        if (with != null && without != null)
        {
            string both = $"{with.Name} has one and {without.Name} has none";
            throw new UserException($"port {port} cannot demand a certificate: {both}. "
                + "Give those with a certificate a port of their own, by --broker");
        }
    }

    private void AddListener(StringBuilder text, BrokerListener listener)
    {
        string Of(string name) => Path.Combine(Folder, name);
        text.Append($"\n{listener.FirstLine}\nallow_anonymous false\n");
        text.Append($"acl_file {Of($"{listener.Port}{AccessList}")}\n");
        text.Append($"certfile {Of(ServerCertificate)}\nkeyfile {Of(ServerKey)}\n");
        if (listener.IsOfDevices)
        {
            text.Append("# Else one device could come under another's client id, which throws that one out.\n");
            text.Append($"{BrokerListener.ClientIdLine}\n");
        }

        if (listener.NeedsCertificate)
        {
            text.Append("# The certificate says who comes; a name and a password are not looked at.\n");
            text.Append($"{BrokerListener.CertificateLine}\nuse_identity_as_username true\n");
            text.Append($"cafile {Of(FleetFolder.AuthorityCertificate)}\n");
            text.Append($"crlfile {Of(FleetFolder.RevokedCertificates)}\n");
        }
        else
        {
            text.Append($"password_file {Of($"{listener.Port}{Passwords}")}\n");
        }
    }

    private void AddServerCertificate(FleetChange change, CertificateIssuer issuer)
    {
        string[] hosts =
            [.. Members.Select(member => member.Broker.Host).Distinct().Order(StringComparer.Ordinal)];
        if (hosts.Length == 0 || IsGood(hosts, issuer))
        {
            return;
        }

        using X509Certificate2 certificate = issuer.IssueServer(hosts, Validity.Start, Validity.End);
        change.SetFile(PathOf(ServerCertificate), DeviceFiles.Pem(certificate));
        change.SetFile(PathOf(ServerKey), DeviceFiles.KeyPem(certificate));
    }

    private bool IsGood(string[] hosts, CertificateIssuer issuer)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(
                ReadEarlier(ServerCertificate), ReadEarlier(ServerKey));
            return certificate.Issuer == issuer.Certificate.Subject
                && hosts.All(host => certificate.MatchesHostname(host));
        }
        catch (CryptographicException)
        {
            // None yet, or a certificate and a key that do not belong together, because a run was cut off between them.
            return false;
        }
    }
}
