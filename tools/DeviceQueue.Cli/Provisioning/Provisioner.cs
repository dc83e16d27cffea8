using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;
using Mosquitto;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Changes who belongs to a fleet: all that is asked, or nothing.</summary>
/// <param name="path">The fleet's folder.</param>
/// <param name="askWifiPassword">Asks for the password of a network, by its name.</param>
internal sealed class Provisioner(string path, Func<string, string> askWifiPassword)
{
    private readonly Dictionary<string, Wifi> _asked = [];

    /// <summary>Adds devices; those that are there as asked stay as they are.</summary>
    /// <exception cref="UserException">Something cannot be as asked; nothing was changed.</exception>
    public ProvisioningResult AddDevices(IReadOnlyList<DeviceRequest> requests)
    {
        FleetFolder fleet = FleetFolder.Open(path);
        foreach (DeviceRequest request in requests)
        {
            RequireFree(request.Id, fleet.Operators.Keys, "an operator");
        }

        if (requests.GroupBy(request => request.Id).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new UserException($"{twice.Key} is asked for twice");
        }

        foreach (DeviceRequest request in requests.Where(request => fleet.Devices.ContainsKey(request.Id)))
        {
            RequireSame(request, fleet.Devices[request.Id], fleet);
        }

        DeviceRequest[] fresh = [.. requests.Where(request => !fleet.Devices.ContainsKey(request.Id))];
        using CertificateIssuer issuer = fleet.LoadAuthority() ?? NewAuthority();
        FleetChange change = Begin(fleet, issuer);
        Dictionary<string, Member> devices = new(fleet.Devices);
        foreach (DeviceRequest request in fresh)
        {
            devices.Add(request.Id, AddDevice(change, request, issuer));
        }

        return Finish(fleet, change, issuer, devices, fleet.Operators, [.. fresh.Select(request => request.Id)]);
    }

    /// <summary>Adds an operator; one that is there stays as it is.</summary>
    /// <param name="name">The operator's name.</param>
    /// <param name="broker">Where the broker is for operators; null: at the port behind the devices' last one.</param>
    /// <exception cref="UserException">It cannot be as asked; nothing was changed.</exception>
    public ProvisioningResult AddOperator(string name, BrokerUri? broker)
    {
        FleetFolder fleet = FleetFolder.Open(path);
        DeviceRequest.RequireName(name, "--name");
        RequireFree(name, fleet.Devices.Keys, "a device");
        using CertificateIssuer issuer = fleet.LoadAuthority() ?? NewAuthority();
        FleetChange change = Begin(fleet, issuer);
        Dictionary<string, Member> operators = new(fleet.Operators);
        if (operators.TryGetValue(name, out Member? existing))
        {
            if (broker != null && broker != existing.Broker)
            {
                throw new UserException($"{name} is an operator with other settings: broker {existing.Broker}, asked for {broker}. Nothing was changed");
            }
        }
        else
        {
            BrokerUri place = broker ?? ChooseOperatorsBroker(fleet);
            Dictionary<string, byte[]> files = DeviceFiles.ForOperator(place, name, issuer);
            change.AddFolder(FleetFolder.OperatorPath(name), files);
            JsonObject settings = JsonNode.Parse(files[FleetFolder.OperatorFile])!.AsObject();
            operators.Add(name, new Member(name, place, settings["credential"]!["password"]!.ToString()) { Settings = settings });
        }

        return Finish(fleet, change, issuer, fleet.Devices, operators, existing == null ? [name] : []);
    }

    /// <summary>Takes a device or an operator away, from the broker first.</summary>
    /// <exception cref="UserException">There is none of that name; nothing was changed.</exception>
    public ProvisioningResult Revoke(string name)
    {
        FleetFolder fleet = FleetFolder.Open(path);
        bool isDevice = fleet.Devices.ContainsKey(name);
        if (!isDevice && !fleet.Operators.ContainsKey(name) && !IsKnownToBroker(fleet, name))
        {
            fleet.FindDevice(name);
        }

        using CertificateIssuer issuer = fleet.LoadAuthority() ?? throw new UserException($"{fleet.Root} is no fleet's folder");
        FleetChange change = Begin(fleet, issuer);
        if (isDevice || fleet.Operators.ContainsKey(name))
        {
            change.RemoveFolder(isDevice ? FleetFolder.DevicePath(name) : FleetFolder.OperatorPath(name));
        }

        return Finish(fleet, change, issuer, Without(fleet.Devices, name), Without(fleet.Operators, name), [name]);
    }

    /// <summary>Gives a device a new password and a new command key, or an operator a new password.</summary>
    /// <exception cref="UserException">There is none of that name; nothing was changed.</exception>
    public ProvisioningResult Rotate(string name)
    {
        FleetFolder fleet = FleetFolder.Open(path);
        bool isDevice = !fleet.Operators.TryGetValue(name, out Member? member);
        member ??= fleet.FindDevice(name);
        Member rotated = member with { Password = Secrets.NewPassword(), Settings = member.Settings.DeepClone().AsObject() };
        rotated.Settings["credential"]!["password"] = rotated.Password;
        if (isDevice)
        {
            rotated.Settings["device"]!["command_key"] = Secrets.NewCommandKey();
        }

        using CertificateIssuer issuer = fleet.LoadAuthority()!;
        FleetChange change = Begin(fleet, issuer);
        string file = isDevice ? Path.Combine(FleetFolder.DevicePath(name), SettingsLoader.FileName) : Path.Combine(FleetFolder.OperatorPath(name), FleetFolder.OperatorFile);
        change.SetFile(file, JsonFile.ToBytes(rotated.Settings));
        Dictionary<string, Member> members = new(isDevice ? fleet.Devices : fleet.Operators) { [name] = rotated };
        return Finish(fleet, change, issuer, isDevice ? members : fleet.Devices, isDevice ? fleet.Operators : members, [name]);
    }

    /// <summary>Begins with the authority, if it is new: nothing that trusts it is in place before it.</summary>
    private static FleetChange Begin(FleetFolder fleet, CertificateIssuer issuer)
    {
        FleetChange change = new(fleet.Root);
        if (!Directory.Exists(fleet.FullPath(FleetFolder.Authority)))
        {
            change.AddFolder(FleetFolder.Authority, new Dictionary<string, byte[]>
            {
                [FleetFolder.AuthorityCertificate] = DeviceFiles.Pem(issuer.Certificate),
                [FleetFolder.AuthorityKey] = DeviceFiles.KeyPem(issuer.Certificate),
            });
        }

        return change;
    }

    private static CertificateIssuer NewAuthority() =>
        CertificateIssuer.Create($"DeviceQueue fleet {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", Validity.Start, Validity.End);

    private static BrokerUri ChooseOperatorsBroker(FleetFolder fleet)
    {
        BrokerUri[] places = [.. fleet.Operators.Values.Select(member => member.Broker).Distinct()];
        if (places.Length == 0)
        {
            places = [.. fleet.Devices.Values.Select(member => member.Broker).GroupBy(broker => broker.Host).Select(host => host.MaxBy(broker => broker.Port)!.Next)];
        }

        return places.Length == 1 ? places[0] : throw new UserException("--broker is needed: mqtts://host:port, with a port that is not the devices'");
    }

    private static void RequireFree(string name, IEnumerable<string> taken, string by)
    {
        if (taken.Contains(name))
        {
            throw new UserException($"{name} is the name of {by} already");
        }
    }

    private static void RequireSame(DeviceRequest request, Member existing, FleetFolder fleet)
    {
        string? other = request.Broker != existing.Broker ? $"broker {existing.Broker}, asked for {request.Broker}" : null;
        other ??= request.NeedsCertificate && !existing.HasCertificate ? "no certificate" : null;
        if (request.Settings != null && JsonFile.FindMissing(request.Settings, existing.Settings) is { } key)
        {
            other ??= $"another value of {key}";
        }

        if (request.Ssid != null)
        {
            string file = fleet.FullPath(FleetFolder.DevicePath(request.Id), FleetFolder.NetworkDeployment);
            Wifi? wifi = File.Exists(file) ? Wifi.Read(JsonFile.Read(file)) : null;
            other ??= wifi == null ? "no Wi-Fi" : wifi.Ssid != request.Ssid ? $"Wi-Fi '{wifi.Ssid}'" : null;
            other ??= request.WifiPassword != null && request.WifiPassword != wifi!.Password ? "another Wi-Fi password" : null;
        }

        if (other != null)
        {
            throw new UserException(
                $"{request.Id} is there with other settings: {other}. Nothing was changed: take another id, change its files by hand, or revoke it and provision it again");
        }
    }

    private static Dictionary<string, Member> Without(IReadOnlyDictionary<string, Member> members, string name) =>
        members.Where(member => member.Key != name).ToDictionary(member => member.Key, member => member.Value);

    private static bool IsKnownToBroker(FleetFolder fleet, string name)
    {
        string file = fleet.FullPath(FleetFolder.Broker, BrokerFiles.Passwords);
        return File.Exists(file) && File.ReadLines(file).Any(line => line.StartsWith($"{name}:", StringComparison.Ordinal));
    }

    private static ProvisioningResult Finish(
        FleetFolder fleet,
        FleetChange change,
        CertificateIssuer issuer,
        IReadOnlyDictionary<string, Member> devices,
        IReadOnlyDictionary<string, Member> operators,
        IReadOnlyList<string> changed)
    {
        string configuration = fleet.FullPath(FleetFolder.Broker, BrokerFiles.Configuration);
        byte[] before = File.Exists(configuration) ? File.ReadAllBytes(configuration) : [];
        Member[] Sorted(IReadOnlyDictionary<string, Member> members) => [.. members.Values.OrderBy(member => member.Name, StringComparer.Ordinal)];
        new BrokerFiles(fleet, Sorted(devices), Sorted(operators)).AddTo(change, issuer);
        bool isChanged = !change.IsEmpty;
        if (isChanged)
        {
            change.Commit();
        }

        bool isReloaded = isChanged && RunningBroker.TryReload(fleet.FullPath(FleetFolder.Broker, BrokerFiles.PidFile));
        return new ProvisioningResult(fleet.Root, changed, isChanged, isReloaded, isChanged && !before.AsSpan().SequenceEqual(File.ReadAllBytes(configuration)));
    }

    private Member AddDevice(FleetChange change, DeviceRequest request, CertificateIssuer issuer)
    {
        string password = Secrets.NewPassword();
        JsonObject settings = DeviceFiles.Settings(request, password, Secrets.NewCommandKey());
        change.AddFolder(FleetFolder.DevicePath(request.Id), DeviceFiles.ForBoard(request, settings, FindWifi(request), issuer));
        return new Member(request.Id, request.Broker, password) { HasCertificate = request.NeedsCertificate, Settings = settings };
    }

    private Wifi? FindWifi(DeviceRequest request)
    {
        if (request.Ssid == null)
        {
            return null;
        }

        if (request.WifiPassword != null)
        {
            Wifi.CheckPassword(request.Ssid, request.WifiPassword);
            return new Wifi(request.Ssid, request.WifiPassword);
        }

        if (!_asked.TryGetValue(request.Ssid, out Wifi? wifi))
        {
            wifi = new Wifi(request.Ssid, askWifiPassword(request.Ssid));
            Wifi.CheckPassword(wifi.Ssid, wifi.Password);
            _asked.Add(request.Ssid, wifi);
        }

        return wifi;
    }
}
