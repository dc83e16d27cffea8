using Brokers;
using DeviceQueue.SystemTests.Simulator;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>Several runs at once on one folder, as processes of their own, with real logins after them.</summary>
public sealed class Concurrency_Tests : IDisposable
{
    private const int NotAuthorized = 5;
    private const int Rounds = 4;

    private readonly Fleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void A_device_that_is_revoked_while_others_are_rotated_is_out_and_the_others_have_their_new_secrets()
    {
        _fleet.AddOperator("alice");
        for (int i = 0; i < Rounds; i++)
        {
            _fleet.AddDevice($"gone-{i}");
        }

        _fleet.AddDevice("stays");
        using MosquittoBroker broker = _fleet.StartBroker();
        for (int i = 0; i < Rounds; i++)
        {
            ClientOptions gone = FleetClient.Device(_fleet, $"gone-{i}");
            ClientOptions old = FleetClient.Device(_fleet, "stays");

            int[] codes = RunAtOnce(["rotate", "stays"], ["revoke", $"gone-{i}"], ["rotate", "alice"]);

            Assert.Equal([0, 0, 0], codes);
            AssertRefused(gone);
            AssertRefused(old);
            FleetClient.Connect(FleetClient.Device(_fleet, "stays")).Dispose();
            FleetClient.Connect(FleetClient.Operator(_fleet, "alice")).Dispose();
        }
    }

    [Fact]
    public void A_device_that_is_rotated_and_revoked_at_once_is_out_whichever_comes_first()
    {
        _fleet.AddDevice("stays");
        for (int i = 0; i < Rounds; i++)
        {
            _fleet.AddDevice($"gone-{i}");
        }

        using MosquittoBroker broker = _fleet.StartBroker();
        for (int i = 0; i < Rounds; i++)
        {
            ClientOptions gone = FleetClient.Device(_fleet, $"gone-{i}");

            int[] codes = RunAtOnce(["rotate", $"gone-{i}"], ["revoke", $"gone-{i}"]);

            Assert.Equal(0, codes[1]);
            AssertRefused(gone);
            Assert.DoesNotContain($"gone-{i}:", File.ReadAllText(_fleet.DevicesPasswords));
        }
    }

    [Fact]
    public void Devices_that_are_provisioned_at_once_are_all_there()
    {
        string[] ids = ["a", "b", "c", "d"];

        int[] codes = RunAtOnce([.. ids.Select(id => (string[])["provision", "--id", id, "--broker", _fleet.Broker])]);

        Assert.Equal([0, 0, 0, 0], codes);
        using MosquittoBroker broker = _fleet.StartBroker();
        Assert.All(ids, id => FleetClient.Connect(FleetClient.Device(_fleet, id)).Dispose());
    }

    private static void AssertRefused(ClientOptions options)
    {
        using FleetClient client = new(options);
        Assert.Equal(NotAuthorized, client.Result.Code);
    }

    private ToolProcess Start(string[] command) => new("DeviceQueue.Cli.dll", [.. command, "--out", _fleet.Folder]);

    private int[] RunAtOnce(params string[][] commands)
    {
        ToolProcess[] processes = [.. commands.Select(Start)];
        try
        {
            return [.. processes.Select(process => process.WaitForExit())];
        }
        finally
        {
            Array.ForEach(processes, process => process.Dispose());
        }
    }
}
