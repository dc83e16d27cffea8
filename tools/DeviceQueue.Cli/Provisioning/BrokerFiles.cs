using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceQueue.Connecting;
using DeviceQueue.Desktop;
using Mosquitto;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Makes the files that Mosquitto reads, from who belongs to a fleet.</summary>
internal sealed class BrokerFiles(FleetFolder fleet, IReadOnlyList<Member> devices, IReadOnlyList<Member> operators)
{
    public const string Configuration = "mosquitto.conf";
    public const string Passwords = "passwords";
    public const string AccessList = "acl";
    public const string ServerCertificate = "server.crt";
    public const string ServerKey = "server.key";
    public const string OwnLines = "conf.d";
    public const string Data = "data";
    public const string PidFile = "mosquitto.pid";

    // What a board can hold: its client library allocates as much as a message says it has.
    private const int MessageSizeLimitBytes = 8192;

    // A session that is kept for a device which never comes back, in days.
    private const int SessionDays = 7;

    private static string UserLines => OperatingSystem.IsWindows()
        ? ""
        : $"# Started as root, it becomes this user, who can read what is in this folder.\nuser {Environment.UserName}\n";

    private string Folder => fleet.FullPath(FleetFolder.Broker);

    /// <exception cref="UserException">Who shares a port cannot share it.</exception>
    public void AddTo(FleetChange change, CertificateIssuer issuer)
    {
        // The certificate and the key first, so that Mosquitto never reads a configuration that names files which are not there.
        AddServerCertificate(change, issuer);
        change.SetFile(PathOf(FleetFolder.AuthorityCertificate), DeviceFiles.Pem(issuer.Certificate));
        change.SetFile(PathOf(Passwords), Encoding.UTF8.GetBytes(PasswordFile.Write(devices.Concat(operators).Select(m => (m.Name, m.Password)), ReadEarlier(Passwords))));
        change.SetFile(PathOf(AccessList), Encoding.UTF8.GetBytes(MakeAccessList()));
        change.SetFile(PathOf(Configuration), Encoding.UTF8.GetBytes(MakeConfiguration()));
        change.AddEmptyFolder(PathOf(OwnLines));
        change.AddEmptyFolder(PathOf(Data));
    }

    private static string PathOf(string name) => Path.Combine(FleetFolder.Broker, name);

    private static bool IsLoopback(string host) => host is "localhost" or "127.0.0.1";

    private string ReadEarlier(string name) => File.Exists(Path.Combine(Folder, name)) ? File.ReadAllText(Path.Combine(Folder, name)) : "";

    private string MakeAccessList()
    {
        StringBuilder text = new("# Made by devicequeue, and made anew at each change. A program of your own gets in by: devicequeue operator --name NAME\n");
        foreach (Member device in devices)
        {
            DeviceTopics topics = new(device.Name);
            text.Append($"\nuser {device.Name}\n");
            text.Append($"topic write sensor/{device.Name}/#\n");
            text.Append($"topic write homeassistant/device/{device.Name}/config\n");
            text.Append($"topic write homeassistant/sensor/{device.Name}/+/config\n");
            text.Append($"topic read {topics.Command}\n");
            text.Append($"topic read {topics.Status}\n"); // corrects what others say there; what it writes, "#" above allows
            text.Append($"topic read {topics.OfOutput("+")}/set\n");
            text.Append("topic read homeassistant/status\n");
        }

        foreach (Member person in operators)
        {
            text.Append($"\nuser {person.Name}\ntopic readwrite #\ntopic read $SYS/#\n");
        }

        return text.ToString();
    }

    private string MakeConfiguration()
    {
        StringBuilder text = new($"""
            # Made by devicequeue, and made anew at each change. Lines of your own belong into files named *.conf in {OwnLines}.
            # SIGHUP makes a running mosquitto read {Passwords}, {AccessList} and the certificate again; other listeners need a restart.
            per_listener_settings false
            allow_anonymous false
            password_file {Path.Combine(Folder, Passwords)}
            acl_file {Path.Combine(Folder, AccessList)}

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
        foreach (IGrouping<int, Member> port in devices.Concat(operators).GroupBy(member => member.Broker.Port).OrderBy(port => port.Key))
        {
            AddListener(text, port.Key, [.. port]);
        }

        return text.Append($"\ninclude_dir {Path.Combine(Folder, OwnLines)}\n").ToString();
    }

    private void AddListener(StringBuilder text, int port, Member[] members)
    {
        Member first = members[0];
        bool isForDevices = devices.Contains(first);
        Member? stranger = members.FirstOrDefault(member => devices.Contains(member) != isForDevices);
        if (stranger != null)
        {
            throw new UserException($"port {port} is that of devices ({first.Name}) and of operators ({stranger.Name}): devices and operators need ports of their own");
        }

        Member? other = members.FirstOrDefault(member => member.HasCertificate != first.HasCertificate);
        if (other != null)
        {
            (Member with, Member without) = first.HasCertificate ? (first, other) : (other, first);
            throw new UserException(
                $"port {port} cannot demand a certificate: {with.Name} has one and {without.Name} has none. Give those with a certificate a port of their own, by --broker");
        }

        string address = members.All(member => IsLoopback(member.Broker.Host)) ? " 127.0.0.1" : "";
        text.Append($"\nlistener {port}{address}\n");
        text.Append($"certfile {Path.Combine(Folder, ServerCertificate)}\nkeyfile {Path.Combine(Folder, ServerKey)}\n");
        if (isForDevices)
        {
            text.Append("# Else one device could come under another's client id, which throws that one out.\nuse_username_as_clientid true\n");
        }

        if (first.HasCertificate)
        {
            text.Append($"require_certificate true\ncafile {Path.Combine(Folder, FleetFolder.AuthorityCertificate)}\n");
        }
    }

    private void AddServerCertificate(FleetChange change, CertificateIssuer issuer)
    {
        string[] hosts = [.. devices.Concat(operators).Select(member => member.Broker.Host).Distinct().Order(StringComparer.Ordinal)];
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
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(ReadEarlier(ServerCertificate), ReadEarlier(ServerKey));
            return certificate.Issuer == issuer.Certificate.Subject && hosts.All(host => certificate.MatchesHostname(host));
        }
        catch (CryptographicException)
        {
            // None yet, or a certificate and a key that do not belong together, because a run was cut off between them.
            return false;
        }
    }
}
