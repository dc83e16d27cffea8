using System.Text.Json.Nodes;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;
using VirtualFleet;

namespace DeviceQueue.Cli.Simulating;

/// <summary>
/// Virtual boards in this process, with the settings of a fleet's devices or with plain ones, in a folder that goes
/// with them.
/// </summary>
internal sealed class SimulatedFleet : IDisposable
{
    private const int ReportMs = 5_000;
    private const int DefaultIntervalMs = 5_000;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("devicequeue-boards-");

    /// <exception cref="UserException">There are not so many devices.</exception>
    public SimulatedFleet(BrokerAccess access, SimulationRequest request)
    {
        if (access.Fleet is { } fleet)
        {
            Boards = [.. Take(fleet, request.Devices).Select((device, i) => MakeOf(fleet, device, request, i))];
        }
        else
        {
            Boards = [.. Enumerable.Range(1, request.Devices ?? 1).Select(i => Make(access, request, i))];
        }
    }

    public IReadOnlyList<FleetBoard> Boards { get; }

    public void Dispose()
    {
        // At once: each may take seconds to say goodbye.
        Thread[] ends = [.. Boards.Select(board => new Thread(() =>
        {
            board.ShutDown();
            board.Dispose();
        }))];
        Array.ForEach(ends, end => end.Start());
        Array.ForEach(ends, end => end.Join());
        _root.Delete(recursive: true);
    }

    private static IEnumerable<Member> Take(FleetFolder fleet, int? count)
    {
        Member[] devices = [.. fleet.Devices.Values.OrderBy(device => device.Name, StringComparer.Ordinal)];
        return devices.Length >= (count ?? 1)
            ? devices.Take(count ?? devices.Length)
            : throw new UserException($"--devices {count ?? 1}: {fleet.Root} has {devices.Length}");
    }

    private FleetBoard MakeOf(FleetFolder fleet, Member device, SimulationRequest request, int seed)
    {
        string storage = _root.CreateSubdirectory(device.Name).FullName;
        string source = fleet.FullPath(FleetFolder.DevicePath(device.Name));
        foreach (string file in Directory.GetFiles(source).Where(IsForBoard))
        {
            File.Copy(file, Path.Combine(storage, Path.GetFileName(file)));
        }

        JsonObject settings = device.Settings.DeepClone().AsObject();
        SetTimes(settings["device"]!.AsObject(), request.IntervalMs);
        File.WriteAllBytes(Path.Combine(storage, SettingsLoader.FileName), JsonFile.ToBytes(settings));
        return new FleetBoard(device.Name, storage, device.Board.Chip, seed);
    }

    private static bool IsForBoard(string path) => Path.GetFileName(path)
        is FleetFolder.AuthorityCertificate or FleetFolder.ClientCertificate or FleetFolder.ClientKey;

    private FleetBoard Make(BrokerAccess access, SimulationRequest request, int number)
    {
        string id = $"sim-{number:D3}";
        string storage = _root.CreateSubdirectory(id).FullName;
        JsonObject settings = new()
        {
            ["device"] = new JsonObject
            {
                ["id"] = id,
                ["outputs"] = new JsonArray(new JsonObject { ["name"] = "relay1", ["pin"] = 26 }),
            },
            ["connection"] = new JsonObject
            {
                ["protocol"] = access.Client.Tls == null ? "mqtt" : "mqtts",
                ["host"] = access.Client.Host,
                ["port"] = access.Client.Port,
            },
        };
        SetTimes(settings["device"]!.AsObject(), request.IntervalMs ?? DefaultIntervalMs);
        if (access.Client.Username is { } user)
        {
            settings["credential"] = new JsonObject { ["username"] = user, ["password"] = access.Client.Password };
        }

        if (access.Key is { } key)
        {
            settings["device"]!["command_key"] = Convert.ToHexStringLower(key);
        }

        if (access.Client.Tls?.Authorities is { } authority)
        {
            settings["tls"] = new JsonObject { ["ca"] = FleetFolder.AuthorityCertificate };
            File.WriteAllBytes(Path.Combine(storage, FleetFolder.AuthorityCertificate), authority);
        }

        File.WriteAllBytes(Path.Combine(storage, SettingsLoader.FileName), JsonFile.ToBytes(settings));
        return new FleetBoard(id, storage, Board.Default.Chip, number);
    }

    private static void SetTimes(JsonObject device, int? intervalMs)
    {
        device["health_interval_ms"] = ReportMs;
        if (intervalMs != null)
        {
            device["interval_ms"] = intervalMs;
        }
    }
}
