using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.Cli.Simulating;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.SystemTests.Simulator;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>Many virtual boards in one process, and the count of what they accepted.</summary>
public sealed class Simulation_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int BlockSize = 256;

    [Fact]
    public void Boards_that_suffer_from_a_seed_lose_no_reading_that_they_accepted()
    {
        using ToolProcess simulation = new(
            "DeviceQueue.Cli.dll",
            "simulate",
            "--devices", "4",
            "--interval-ms", "1000",
            "--chaos", "7",
            "--seconds", "30",
            "--broker", $"mqtt://127.0.0.1:{fixture.Broker.Port}");

        Assert.Equal(0, simulation.WaitForExit(TimeSpan.FromMinutes(3)));
        simulation.WaitForLine("4 boards at 127.0.0.1");
        Assert.Matches(
            "4 boards; [1-9][0-9]* sensor faults?, [1-9][0-9]* link cuts?, [1-9][0-9]* power cuts?",
            simulation.WaitForLine("4 boards; "));
        Assert.Matches(
            "[1-9][0-9]+ readings accepted, [1-9][0-9]+ arrived", simulation.WaitForLine("readings accepted"));
        simulation.WaitForLine("Every accepted reading arrived or is counted.");
    }

    [Fact]
    public void An_interrupt_ends_the_boards_of_a_fleet_cleanly()
    {
        using Fleet fleet = new();
        fleet.AddDevice("a");
        fleet.AddDevice("b");
        fleet.AddOperator("alice");
        using MosquittoBroker broker = fleet.StartBroker();
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(fleet, "alice"), "sensor/#");
        using ToolProcess simulation = new(
            "DeviceQueue.Cli.dll", "simulate", "--interval-ms", "1000", "--out", fleet.Folder);
        alice.WaitFor("sensor/a/status online");
        alice.WaitFor("sensor/b/status online");

        simulation.Signal("INT");

        Assert.Equal(0, simulation.WaitForExit());
        alice.WaitFor("sensor/a/status offline");
        alice.WaitFor("sensor/b/status offline");
    }

    [Fact]
    public void A_second_interrupt_ends_the_wait_for_what_is_stored_and_the_count_says_what_is_missing()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using ToolProcess simulation = new(
            "DeviceQueue.Cli.dll",
            "simulate",
            "--interval-ms", "1000",
            "--devices", "1",
            "--broker", $"mqtt://127.0.0.1:{broker.Port}");
        using Observer observer = new(broker, "sensor/+/temperature");
        observer.WaitFor(_ => true);

        broker.Kill();
        simulation.Signal("INT");
        simulation.WaitForLine("Waiting for what is stored");
        simulation.Signal("INT");

        Assert.Equal(2, simulation.WaitForExit());
        simulation.WaitForLine("1 board had not sent all that is stored at the end.");
    }

    [Fact]
    public void A_reading_that_is_missing_within_a_boot_or_was_in_the_flash_is_found_and_a_new_block_is_a_reboot()
    {
        Assert.Equal(0, Account([1, 2, 3, BlockSize + 1, BlockSize + 2]).Missing(boots: 2));
        Assert.Equal(1, Account([1, 3, BlockSize + 1]).Missing(boots: 2));
        Assert.Equal(BlockSize - 2, Account([1, 2, BlockSize + 1]).Missing(boots: 1));
        Assert.Equal(1, Account([2, 3]).Missing(boots: 1));

        ReadingAccount stored = Account([1, 2, BlockSize + 1]);
        stored.TakeStored([2, 3]);
        Assert.Equal(1, stored.Missing(boots: 2));
        stored.TakeReading(3);
        Assert.Equal(0, stored.Missing(boots: 2));
        stored.TakeReading(3);
        Assert.Equal((4, 1), (stored.Arrived, stored.Repeats));
    }

    [Fact]
    public void Losses_that_a_device_reports_add_up_over_a_power_cut_and_are_those_of_readings()
    {
        ReadingAccount account = new();

        account.TakeReport(Report(overflow: 2, torn: 1));
        account.TakeReport(Report(overflow: 5, torn: 1));
        account.TakeReport(Report(overflow: 0, torn: 1)); // what was not stored is counted from 0
        account.TakeReport(Report(overflow: 1, torn: 1));

        Assert.Equal(7, account.Lost);
        Assert.Equal(3, account.Waiting);
    }

    private static JsonObject Report(int overflow, int torn) => new()
    {
        ["dropped"] = new JsonObject { ["overflow"] = overflow, ["commands"] = 9 },
        ["queue"] = new JsonObject { ["messages"] = 3, ["torn"] = torn, ["damaged"] = 0 },
    };

    private static ReadingAccount Account(int[] arrived)
    {
        ReadingAccount account = new();
        Array.ForEach(arrived, number => account.TakeReading(number));
        return account;
    }
}
