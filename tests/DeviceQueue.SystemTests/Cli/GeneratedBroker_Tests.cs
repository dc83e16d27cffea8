using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.SystemTests.Simulator;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>Mosquitto as it runs with what was made for it.</summary>
public sealed class GeneratedBroker_Tests : IDisposable
{
    private const int NotAuthorized = 5;

    private readonly Fleet _fleet = new();
    private readonly MosquittoBroker _broker;

    public GeneratedBroker_Tests()
    {
        _fleet.AddDevice("a");
        _fleet.AddDevice("b");
        _fleet.AddOperator("alice");
        _broker = _fleet.StartBroker();
    }

    public void Dispose()
    {
        _broker.Dispose();
        _fleet.Dispose();
    }

    [Fact]
    public void A_device_says_what_is_its_own_and_hears_its_own_commands()
    {
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "#");
        using FleetClient a = FleetClient.Connect(
            FleetClient.Device(_fleet, "a"), "sensor/a/command", "sensor/a/output/+/set", "homeassistant/status");

        a.Publish("sensor/a/temperature", "21");
        a.Publish("sensor/a/output/relay1", "ON", retain: true);
        a.Publish("homeassistant/device/a/config", "{}");
        alice.Publish("sensor/a/command", "do");
        alice.Publish("sensor/a/output/relay1/set", "OFF");
        alice.Publish("homeassistant/status", "online");

        alice.WaitFor("sensor/a/temperature 21");
        alice.WaitFor("sensor/a/output/relay1 ON");
        alice.WaitFor("homeassistant/device/a/config {}");
        a.WaitFor("sensor/a/command do");
        a.WaitFor("sensor/a/output/relay1/set OFF");
        a.WaitFor("homeassistant/status online");
    }

    [Fact]
    public void A_device_can_neither_write_nor_read_as_another()
    {
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "#");
        using FleetClient a = FleetClient.Connect(
            FleetClient.Device(_fleet, "a"), "#", "sensor/b/command", "sensor/+/command", "$SYS/#");
        using FleetClient b = FleetClient.Connect(FleetClient.Device(_fleet, "b"), "sensor/b/command");

        string[] topics =
        [
            "sensor/b/temperature",
            "sensor/b/status",
            "sensor/b/command",
            "sensor/b/response",
            "homeassistant/device/b/config",
            "homeassistant/status",
            "sensor/x",
            "other",
        ];
        foreach (string topic in topics)
        {
            a.Publish(topic, "forged", retain: true);
        }

        b.Publish("sensor/b/temperature", "secret");
        alice.Publish("sensor/b/command", "for b");
        alice.Publish("other", "for all");
        alice.Publish("sensor/a/command", "for a");
        a.Publish("sensor/a/status", "last");

        a.WaitFor("sensor/a/command for a");
        b.WaitFor("sensor/b/command for b");
        alice.WaitFor("sensor/a/status last");
        a.WaitFor("sensor/a/status last");
        Assert.Equal(["sensor/a/command for a", "sensor/a/status last"], a.Heard);
        Assert.Equal(["sensor/b/command for b"], b.Heard);
        Assert.DoesNotContain(alice.Heard, heard => heard.EndsWith("forged", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_cannot_throw_another_out_by_coming_under_its_client_id()
    {
        using FleetClient b = FleetClient.Connect(FleetClient.Device(_fleet, "b"), "sensor/b/command");
        using FleetClient thief = FleetClient.Connect(FleetClient.Device(_fleet, "a") with { ClientId = "b" });
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"));

        alice.Publish("sensor/b/command", "still here?");

        b.WaitFor("sensor/b/command still here?");
    }

    [Fact]
    public void A_stranger_gets_nothing()
    {
        ClientOptions a = FleetClient.Device(_fleet, "a");
        foreach (ClientOptions stranger in (ClientOptions[])
            [
                FleetClient.Options(_fleet, _fleet.DevicesPort, null, null),
                FleetClient.Options(_fleet, _fleet.DevicesPort, "stranger", "password"),
                a with { Password = "guessed" },
                a with { Password = null },
                a with { Username = "b" },
                a with { Username = "alice" },
                FleetClient.Options(_fleet, _fleet.OperatorsPort, null, null),
            ])
        {
            using FleetClient client = new(stranger);
            Assert.Equal(ConnectStatus.Refused, client.Result.Status);
            Assert.Equal(NotAuthorized, client.Result.Code);
        }

        using FleetClient plain = new(a with { Tls = null });
        Assert.False(plain.Result.IsAccepted);
    }

    [Fact]
    public void Who_trusts_the_fleets_authority_trusts_its_broker_and_no_other()
    {
        using Fleet other = new();
        other.AddDevice("a");
        TlsOptions trust = new() { Authorities = File.ReadAllBytes(other.PathOf("ca", "ca.crt")) };

        using FleetClient client = new(FleetClient.Device(_fleet, "a") with { Tls = trust });

        Assert.Equal(ConnectStatus.TlsFailed, client.Result.Status);
    }

    [Fact]
    public async Task A_revoked_device_is_thrown_out_at_once_and_does_not_come_back()
    {
        ClientOptions options = FleetClient.Device(_fleet, "a");
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "sensor/#");
        using FleetClient b = FleetClient.Connect(FleetClient.Device(_fleet, "b"), "sensor/b/command");
        using FleetClient a = FleetClient.Connect(options);
        a.Publish("sensor/a/status", "online", retain: true);
        a.Publish("sensor/a/output/relay1", "ON", retain: true);

        string output = _fleet.Do("revoke", "a");

        await a.Gone;
        using FleetClient again = new(options);
        Assert.Equal(NotAuthorized, again.Result.Code);
        alice.WaitFor("sensor/a/status offline");
        alice.Publish("sensor/b/command", "go on");
        b.WaitFor("sensor/b/command go on");
        Assert.Contains("Its status says offline.", output);
        using FleetClient later = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "sensor/#");
        later.Publish("sensor/end", "end");
        later.WaitFor("sensor/end end");
        Assert.Equal(["sensor/end end"], later.Heard);
    }

    [Fact]
    public async Task A_rotated_device_is_out_until_it_has_its_new_password()
    {
        ClientOptions old = FleetClient.Device(_fleet, "a");
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "sensor/#");
        using FleetClient a = FleetClient.Connect(old);
        a.Publish("sensor/a/status", "online", retain: true);

        _fleet.Do("rotate", "a");

        await a.Gone;
        using FleetClient again = new(old);
        Assert.Equal(NotAuthorized, again.Result.Code);
        alice.WaitFor("sensor/a/status offline");
        using FleetClient renewed = FleetClient.Connect(FleetClient.Device(_fleet, "a"));
    }

    [Fact]
    public void A_device_that_is_added_gets_in_without_a_restart()
    {
        string output = _fleet.AddDevice("c");

        Assert.Contains("The broker was told", output);
        using FleetClient c = FleetClient.Connect(FleetClient.Device(_fleet, "c"));
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"));
    }

    [Fact]
    public void A_message_that_no_board_could_hold_is_not_handed_on()
    {
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"));
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"), "sensor/a/command");

        alice.Publish("sensor/a/command", new string('x', 8193));
        alice.Publish("sensor/a/command", "small");

        a.WaitFor("sensor/a/command small");
        Assert.Single(a.Heard);
    }

    [Fact]
    public void Lines_of_ones_own_in_conf_d_are_read_and_stay()
    {
        using Fleet fleet = new();
        fleet.AddDevice("a");
        int port = MosquittoBroker.FindFreePort();
        string own = $"listener {port} 127.0.0.1\npassword_file {fleet.DevicesPasswords}\n";
        File.WriteAllText(fleet.PathOf("broker", "conf.d", "own.conf"), own);
        fleet.AddDevice("b");
        using MosquittoBroker broker = fleet.StartBroker();
        ClientOptions b = FleetClient.Options(fleet, port, "b", fleet.Password("b")) with { Tls = null };

        using FleetClient client = FleetClient.Connect(b);
        using FleetClient stranger = new(b with { Username = null, Password = null });

        Assert.Equal(NotAuthorized, stranger.Result.Code);
    }

    [Fact]
    public void A_device_does_not_get_in_at_the_operators_port_nor_an_operator_at_the_devices()
    {
        using FleetClient b = FleetClient.Connect(FleetClient.Device(_fleet, "b"), "sensor/b/command");
        ClientOptions device = FleetClient.Device(_fleet, "a");
        ClientOptions person = FleetClient.Operator(_fleet, "alice");

        using FleetClient thief = new(device with { Port = _fleet.OperatorsPort, ClientId = "b" });
        using FleetClient lost = new(person with { Port = _fleet.DevicesPort });

        Assert.Equal((NotAuthorized, NotAuthorized), (thief.Result.Code, lost.Result.Code));
        using FleetClient alice = FleetClient.Connect(person);
        alice.Publish("sensor/b/command", "still here?");
        b.WaitFor("sensor/b/command still here?");
    }

    [Fact]
    public void An_operator_has_as_many_clients_as_it_likes()
    {
        ClientOptions alice = FleetClient.Operator(_fleet, "alice");
        using FleetClient first = FleetClient.Connect(alice with { ClientId = "dashboard" }, "sensor/#");
        using FleetClient second = FleetClient.Connect(alice with { ClientId = "recorder" }, "sensor/#");
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"));

        a.Publish("sensor/a/temperature", "21");

        first.WaitFor("sensor/a/temperature 21");
        second.WaitFor("sensor/a/temperature 21");
    }

    [Fact]
    public void A_device_hears_its_own_status_and_clears_its_own_command_topic()
    {
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"));
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"), "sensor/a/status");
        alice.Publish("sensor/a/command", "too large", retain: true);
        alice.Publish("sensor/a/status", "forged");

        a.WaitFor("sensor/a/status forged");
        a.Publish("sensor/a/command", "", retain: true);

        using FleetClient later = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "sensor/a/#");
        later.Publish("sensor/a/end", "end");
        later.WaitFor("sensor/a/end end");
        Assert.Equal(["sensor/a/end end"], later.Heard);
    }

    [Fact]
    public void What_is_sent_to_a_device_that_sleeps_waits_for_it_over_a_restart_of_the_broker_too()
    {
        ClientOptions asleep = FleetClient.Device(_fleet, "a") with { CleanSession = false };
        FleetClient.Connect(asleep, "sensor/a/command").Dispose();
        using (FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice")))
        {
            alice.Publish("sensor/a/command", "first");
        }

        using (FleetClient awake = FleetClient.Connect(asleep))
        {
            awake.WaitFor("sensor/a/command first");
        }

        ToolProcess.Shell($"kill -TERM {_broker.ProcessId} && tail --pid={_broker.ProcessId} -f /dev/null");
        _broker.Restart();
        using (FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice")))
        {
            alice.Publish("sensor/a/command", "second");
        }

        using FleetClient again = FleetClient.Connect(asleep);
        again.WaitFor("sensor/a/command second");
    }

    [Fact]
    public void A_device_gets_into_no_share_group_whose_name_it_does_not_know()
    {
        const int Readings = 50;
        using FleetClient alice = FleetClient.Connect(
            FleetClient.Operator(_fleet, "alice"), "$share/f3b0c442/sensor/#");
        string[] guesses = ["$share/+/sensor/#", "$share/g/sensor/#", "$share/f3b0c44/sensor/#", "$share/f3b0c442x/#"];
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"));
        a.TrySubscribe(guesses);
        using FleetClient b = FleetClient.Connect(FleetClient.Device(_fleet, "b"));

        for (int i = 0; i < Readings; i++)
        {
            b.Publish("sensor/b/temperature", $"{i}");
        }

        alice.WaitFor($"sensor/b/temperature {Readings - 1}");
        Assert.Equal(Enumerable.Range(0, Readings).Select(i => $"sensor/b/temperature {i}"), alice.Heard);
        Assert.Empty(a.Heard);
    }

    [Fact]
    public async Task A_device_that_is_revoked_is_out_although_its_port_has_nobody_left()
    {
        ClientOptions b = FleetClient.Device(_fleet, "b");
        using FleetClient client = FleetClient.Connect(b);
        _fleet.Do("revoke", "a");

        _fleet.Do("revoke", "b");

        await client.Gone;
        using FleetClient again = new(b);
        Assert.Equal(NotAuthorized, again.Result.Code);
    }

    [Fact]
    public void A_further_port_keeps_nobody_in_who_is_revoked_before_the_restart()
    {
        ClientOptions a = FleetClient.Device(_fleet, "a");
        string further = $"mqtts://127.0.0.1:{MosquittoBroker.FindFreePort()}";
        _fleet.Do("provision", "--id", "c", "--broker", further, "--new-broker");

        _fleet.Do("revoke", "a");

        using FleetClient again = new(a);
        using FleetClient b = FleetClient.Connect(FleetClient.Device(_fleet, "b"));
        Assert.Equal(NotAuthorized, again.Result.Code);
    }

    [Theory]
    [InlineData("revoke", "a is revoked")]
    [InlineData("rotate", "a has new secrets")]
    public async Task What_is_done_is_reported_as_done_although_the_folder_cannot_be_read_after_it(
        string command,
        string done)
    {
        using Fleet fleet = new();
        fleet.AddDevice("a");
        fleet.AddOperator("alice");

        // What looks like its broker: the process is another's, and the port is the test's, which the command asks
        // for a greeting when the change is in place. Another run is cut off just then.
        string process = _broker.ProcessId.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(
            fleet.PathOf("broker", "mosquitto.pid"), process, TestContext.Current.CancellationToken);
        using TcpListener port = new(IPAddress.Loopback, fleet.DevicesPort);
        port.Start();
        Task cut = CutOff(port, fleet.PathOf(".unfinished"));

        Outcome outcome = fleet.Run(command, "a");

        await cut;
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.Contains(done, outcome.Output);
        string why = $"because {fleet.PathOf(".unfinished")} is left from a run that was cut off";
        Assert.Contains($"The status that the broker keeps of a is still its last one, {why}", outcome.Output);
    }

    private static async Task CutOff(TcpListener port, string unfinished)
    {
        Task<TcpClient> greeted = port.AcceptTcpClientAsync();
        using TcpClient client = await greeted.Bounded();
        Directory.CreateDirectory(unfinished);
    }
}
