using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Changes who belongs to a fleet: all that is asked, or nothing.</summary>
/// <param name="path">The fleet's folder, which no other run reads or changes meanwhile.</param>
/// <param name="questions">Who is asked for what is open.</param>
internal sealed class Provisioner(string path, IQuestions questions)
{
    private readonly Dictionary<string, Wifi> _asked = [];
    private readonly HashSet<BrokerUri> _confirmed = [];

    /// <summary>Adds devices; those that are there as asked stay as they are.</summary>
    /// <exception cref="UserException">Something cannot be as asked; nothing was changed.</exception>
    public ProvisioningResult AddDevices(IReadOnlyList<DeviceRequest> requests) => Alone(fleet =>
    {
        IEqualityComparer<string> folders = StringComparer.OrdinalIgnoreCase;
        if (requests.GroupBy(request => request.Id, folders).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new UserException($"{string.Join(" and ", twice.Select(request => request.Id).Distinct())} "
                + "is asked for twice");
        }

        foreach (DeviceRequest request in requests)
        {
            RequirePossible(request, fleet);
        }

        DeviceRequest[] fresh = [.. requests.Where(request => !fleet.Devices.ContainsKey(request.Id))
            .Select(request => request with { Broker = request.Broker ?? TheBroker(fleet, request.Id) })];
        using CertificateIssuer issuer = fleet.LoadAuthority() ?? NewAuthority();
        FleetChange change = Begin(fleet, issuer);
        Dictionary<string, Member> devices = new(fleet.Devices);
        foreach (DeviceRequest request in fresh)
        {
            devices.Add(request.Id, AddDevice(change, request, issuer));
        }

        AddBrokerFiles(fleet, change, issuer, devices, fleet.Operators);
        Confirm(fresh.Select(request => request.Broker!), fleet.Devices);
        ProvisioningResult added = Finish(fleet, change, [.. fresh.Select(request => request.Id)]);
        return added with { HasOperator = fleet.Operators.Count > 0 };
    });

    /// <summary>Adds an operator; one that is there stays as it is.</summary>
    /// <param name="name">The operator's name.</param>
    /// <param name="broker">
    /// Where the broker is for operators; null: where the others find it, or at the port behind the devices' last one.
    /// </param>
    /// <exception cref="UserException">It cannot be as asked; nothing was changed.</exception>
    public ProvisioningResult AddOperator(string name, BrokerUri? broker) => Alone(fleet =>
    {
        Names.Require(name, "--name");
        Names.RequireFree(name, fleet.Devices.Keys, "a device");
        fleet.Operators.TryGetValue(name, out Member? existing);
        if (existing != null && broker != null && broker != existing.Broker)
        {
            throw new UserException($"{name} is an operator with other settings: broker {existing.Broker}, "
                + $"asked for {broker}. Nothing was changed");
        }

        using CertificateIssuer issuer = fleet.LoadAuthority() ?? NewAuthority();
        FleetChange change = Begin(fleet, issuer);
        Dictionary<string, Member> operators = new(fleet.Operators);
        BrokerUri place = existing?.Broker ?? broker ?? ChooseOperatorsBroker(fleet);
        if (existing == null)
        {
            Names.RequireFree(name, operators.Keys, "an operator");
            Dictionary<string, byte[]> files = DeviceFiles.ForOperator(place, name, issuer);
            change.AddFolder(FleetFolder.OperatorPath(name), files);
            operators.Add(name, MemberFile.Parse(name, files[FleetFolder.OperatorFile], name, board: null).Member);
        }

        AddBrokerFiles(fleet, change, issuer, fleet.Devices, operators);
        Confirm([place], fleet.Operators);
        return Finish(fleet, change, existing == null ? [name] : []);
    });

    /// <summary>Takes a device or an operator away, from the broker first.</summary>
    /// <exception cref="UserException">There is none of that name; nothing was changed.</exception>
    public ProvisioningResult Revoke(string name) => AloneInExisting(fleet =>
    {
        bool isOperator = fleet.Operators.ContainsKey(name);
        if (!fleet.Devices.TryGetValue(name, out Member? device) && !isOperator && !BrokerFiles.Knows(fleet, name))
        {
            fleet.FindDevice(name);
        }

        using CertificateIssuer issuer = fleet.LoadAuthority()
            ?? throw new UserException($"{fleet.Root} is no fleet's folder");
        FleetChange change = Begin(fleet, issuer, device);
        if (device != null || isOperator)
        {
            change.RemoveFolder(isOperator ? FleetFolder.OperatorPath(name) : FleetFolder.DevicePath(name));
        }

        AddBrokerFiles(fleet, change, issuer, Without(fleet.Devices, name), Without(fleet.Operators, name));
        return Finish(fleet, change, [name]) with { Device = device };
    });

    /// <summary>Gives a device a new password, key and certificate, or an operator a new password.</summary>
    /// <exception cref="UserException">There is none of that name; nothing was changed.</exception>
    public ProvisioningResult Rotate(string name) => AloneInExisting(fleet =>
    {
        bool isDevice = !fleet.Operators.TryGetValue(name, out Member? member);
        member ??= fleet.FindDevice(name);
        Member rotated = member with
        {
            Password = Secrets.NewPassword(),
            Settings = member.Settings.DeepClone().AsObject(),
        };
        rotated.Settings["credential"]!["password"] = rotated.Password;
        if (isDevice)
        {
            rotated.Settings["device"]!["command_key"] = Secrets.NewCommandKey();
        }

        using CertificateIssuer issuer = fleet.LoadAuthority()!;
        FleetChange change = Begin(fleet, issuer, member);
        Dictionary<string, byte[]> files = [];
        if (member.HasCertificate)
        {
            DeviceFiles.AddCertificate(files, name, issuer);
        }

        files.Add(isDevice ? SettingsLoader.FileName : FleetFolder.OperatorFile, JsonFile.ToBytes(rotated.Settings));
        string folder = isDevice ? FleetFolder.DevicePath(name) : FleetFolder.OperatorPath(name);
        foreach ((string file, byte[] content) in files)
        {
            change.SetFile(Path.Combine(folder, file), content);
        }

        Dictionary<string, Member> members = new(isDevice ? fleet.Devices : fleet.Operators) { [name] = rotated };
        IReadOnlyDictionary<string, Member> devices = isDevice ? members : fleet.Devices;
        AddBrokerFiles(fleet, change, issuer, devices, isDevice ? fleet.Operators : members);
        return Finish(fleet, change, [name]) with { Device = isDevice ? member : null };
    });

    /// <summary>Puts settings over those of a device.</summary>
    /// <exception cref="UserException">They cannot be as asked; nothing was changed.</exception>
    public ProvisioningResult SetDevice(string id, JsonObject given) => AloneInExisting(fleet =>
    {
        Member device = fleet.FindDevice(id);
        JsonObject settings = device.Settings.DeepClone().AsObject();
        OwnSettings.Apply(id, settings, given);
        Member now = OwnSettings.Check(id, settings, device.Board);
        bool isNew = !JsonNode.DeepEquals(settings, device.Settings);
        using CertificateIssuer issuer = fleet.LoadAuthority()!;
        FleetChange change = Begin(fleet, issuer);
        if (isNew)
        {
            string file = Path.Combine(FleetFolder.DevicePath(id), SettingsLoader.FileName);
            change.SetFile(file, JsonFile.ToBytes(settings));
        }

        bool hasNetwork = now.Sleeps != device.Sleeps && SetNetwork(fleet, change, now);
        AddBrokerFiles(fleet, change, issuer, fleet.Devices, fleet.Operators);
        ProvisioningResult set = Finish(fleet, change, isNew ? [id] : []);
        return set with { Device = device, HasNetwork = hasNetwork };
    });

    /// <summary>
    /// Begins with the authority, if it is new: nothing that trusts it is in place before it. A certificate that a
    /// device had until now is revoked before anything else is.
    /// </summary>
    private static FleetChange Begin(FleetFolder fleet, CertificateIssuer issuer, Member? replaced = null)
    {
        FleetChange change = new(fleet.Root);
        string? certificate = replaced is { HasCertificate: true }
            ? fleet.FullPath(FleetFolder.DevicePath(replaced.Name), FleetFolder.ClientCertificate)
            : null;
        byte[] revoked = RevocationList.Make(
            fleet, issuer, certificate == null ? null : File.ReadAllBytes(certificate));
        if (Directory.Exists(fleet.FullPath(FleetFolder.Authority)))
        {
            change.SetFileFirst(Path.Combine(FleetFolder.Authority, FleetFolder.RevokedCertificates), revoked);
        }
        else
        {
            change.AddFolder(FleetFolder.Authority, new Dictionary<string, byte[]>
            {
                [FleetFolder.AuthorityCertificate] = DeviceFiles.Pem(issuer.Certificate),
                [FleetFolder.AuthorityKey] = DeviceFiles.KeyPem(issuer.Certificate),
                [FleetFolder.RevokedCertificates] = revoked,
            });
        }

        change.SetFileFirst(Path.Combine(FleetFolder.Broker, FleetFolder.RevokedCertificates), revoked);
        return change;
    }

    // A board that sleeps is told of its Wi-Fi in another way than one that is awake.
    private static bool SetNetwork(FleetFolder fleet, FleetChange change, Member device)
    {
        string file = Path.Combine(FleetFolder.DevicePath(device.Name), FleetFolder.NetworkDeployment);
        if (!File.Exists(fleet.FullPath(file)))
        {
            return false;
        }

        Wifi wifi = Wifi.Read(fleet.FullPath(file));
        change.SetFile(file, JsonFile.ToBytes(wifi.Deployment(device.Sleeps)));
        return true;
    }

    private static CertificateIssuer NewAuthority() => CertificateIssuer.Create(
        $"DeviceQueue fleet {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}",
        Validity.Start,
        Validity.End);

    private static BrokerUri TheBroker(FleetFolder fleet, string id) => Places(fleet.Devices) switch
    {
        [] => throw new UserException($"broker is needed for {id}: mqtts://host or mqtts://host:port"),
        [BrokerUri one] => one,
        BrokerUri[] many => throw new UserException(
            $"broker is needed for {id}: this fleet's devices find it at {string.Join(" and ", (object[])many)}"),
    };

    private static BrokerUri ChooseOperatorsBroker(FleetFolder fleet)
    {
        BrokerUri[] places = Places(fleet.Operators);
        if (places.Length == 0)
        {
            places = [.. Places(fleet.Devices).GroupBy(broker => broker.Host)
                .Select(host => host.MaxBy(broker => broker.Port)!.Next)];
        }

        return places.Length == 1
            ? places[0]
            : throw new UserException("--broker is needed: mqtts://host:port, with a port that is not the devices'");
    }

    private static BrokerUri[] Places(IReadOnlyDictionary<string, Member> members) =>
        [.. members.Values.Select(member => member.Broker).Distinct()];

    private static void RequirePossible(DeviceRequest request, FleetFolder fleet)
    {
        Names.RequireFree(request.Id, fleet.Operators.Keys, "an operator");
        if (fleet.Devices.TryGetValue(request.Id, out Member? existing))
        {
            RequireSame(request, existing, fleet);
        }
        else
        {
            Names.RequireFree(request.Id, fleet.Devices.Keys, "a device");
        }
    }

    private static void RequireSame(DeviceRequest request, Member existing, FleetFolder fleet)
    {
        string? other = request.Broker != null && request.Broker != existing.Broker
            ? $"broker {existing.Broker}, asked for {request.Broker}"
            : null;
        other ??= request.Board != null && request.Board != existing.Board
            ? $"board {existing.Board.Name}, asked for {request.Board.Name}"
            : null;
        other ??= request.NeedsCertificate && !existing.HasCertificate ? "no certificate" : null;
        if (request.Settings != null && JsonFile.FindMissing(request.Settings, existing.Settings) is { } key)
        {
            other ??= $"another value of {Plain.Text(key)} (devicequeue device set changes it)";
        }

        if (request.Ssid != null)
        {
            string file = fleet.FullPath(FleetFolder.DevicePath(request.Id), FleetFolder.NetworkDeployment);
            Wifi? wifi = File.Exists(file) ? Wifi.Read(file) : null;
            other ??= wifi == null ? "no Wi-Fi" : wifi.Ssid != request.Ssid ? $"Wi-Fi '{wifi.Ssid}'" : null;
            bool isSame = request.WifiPassword == null || request.WifiPassword == wifi?.Password;
            other ??= isSame ? null : "another Wi-Fi password";
        }

        if (other != null)
        {
            throw new UserException($"{request.Id} is there with other settings: {other}. Nothing was changed: "
                + "take another id, change its files by hand, or revoke it and provision it again");
        }
    }

    private static Dictionary<string, Member> Without(IReadOnlyDictionary<string, Member> members, string name) =>
        members.Where(member => member.Key != name).ToDictionary(member => member.Key, member => member.Value);

    private static void AddBrokerFiles(
        FleetFolder fleet,
        FleetChange change,
        CertificateIssuer issuer,
        IReadOnlyDictionary<string, Member> devices,
        IReadOnlyDictionary<string, Member> operators)
    {
        Member[] Sorted(IReadOnlyDictionary<string, Member> members) =>
            [.. members.Values.OrderBy(member => member.Name, StringComparer.Ordinal)];
        new BrokerFiles(fleet, Sorted(devices), Sorted(operators)).AddTo(change, issuer);
    }

    private static ProvisioningResult Finish(FleetFolder fleet, FleetChange change, IReadOnlyList<string> changed)
    {
        string configuration = fleet.FullPath(FleetFolder.Broker, BrokerFiles.Configuration);
        string before = File.Exists(configuration) ? File.ReadAllText(configuration) : "";
        if (change.IsEmpty)
        {
            return new ProvisioningResult(fleet.Root, changed, false, false, false);
        }

        change.Commit();
        string after = File.ReadAllText(configuration);
        string pidFile = fleet.FullPath(FleetFolder.Broker, BrokerFiles.PidFile);
        bool isReloaded = BrokerReload.Try(pidFile, BrokerFiles.PortsOf(after));
        return new ProvisioningResult(fleet.Root, changed, true, isReloaded, before != after);
    }

    private ProvisioningResult Alone(Func<FleetFolder, ProvisioningResult> change)
    {
        while (true)
        {
            try
            {
                using FleetLock held = FleetLock.Take(path);
                return change(FleetFolder.Open(held));
            }
            catch (OpenQuestion question)
            {
                question.Ask();
            }
        }
    }

    private ProvisioningResult AloneInExisting(Func<FleetFolder, ProvisioningResult> change)
    {
        FleetFolder.Require(path);
        return Alone(change);
    }

    // A slip of the keyboard would give the broker a listener more.
    private void Confirm(IEnumerable<BrokerUri> asked, IReadOnlyDictionary<string, Member> members)
    {
        BrokerUri[] known = Places(members);
        BrokerUri? added = known.Length == 0 ? null : asked.Except(known).Except(_confirmed).FirstOrDefault();
        if (added != null)
        {
            throw new OpenQuestion(() =>
            {
                questions.ConfirmBroker(added, known);
                _confirmed.Add(added);
            });
        }
    }

    private Member AddDevice(FleetChange change, DeviceRequest request, CertificateIssuer issuer)
    {
        string password = Secrets.NewPassword();
        JsonObject settings = DeviceFiles.Settings(request, password, Secrets.NewCommandKey());
        Member device = OwnSettings.Check(request.Id, settings, request.Board ?? Board.Default);
        Dictionary<string, byte[]> files = DeviceFiles.ForBoard(device, FindWifi(request), issuer);
        change.AddFolder(FleetFolder.DevicePath(request.Id), files);
        return device;
    }

    private Wifi? FindWifi(DeviceRequest request)
    {
        if (request.Ssid is not { } ssid)
        {
            return null;
        }

        if (request.WifiPassword != null)
        {
            Wifi.CheckPassword(ssid, request.WifiPassword);
            return new Wifi(ssid, request.WifiPassword);
        }

        return _asked.TryGetValue(ssid, out Wifi? wifi) ? wifi : throw new OpenQuestion(() =>
        {
            string password = questions.WifiPassword(ssid);
            Wifi.CheckPassword(ssid, password);
            _asked.Add(ssid, new Wifi(ssid, password));
        });
    }
}
