using Brokers;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>The port that demands a certificate, which alone says who comes.</summary>
public sealed class CertificatePort_Tests : IDisposable
{
    private const int NotAuthorized = 5;

    private readonly Fleet _fleet = new();
    private readonly MosquittoBroker _broker;

    public CertificatePort_Tests()
    {
        _fleet.AddDevice("a", "--certificate");
        _fleet.AddDevice("b", "--certificate");
        _fleet.AddOperator("alice");
        _broker = _fleet.StartBroker();
    }

    public void Dispose()
    {
        _broker.Dispose();
        _fleet.Dispose();
    }

    [Fact]
    public void A_password_without_a_certificate_opens_no_port()
    {
        ClientOptions bare = FleetClient.Device(_fleet, "a");

        using FleetClient device = new(bare);
        using FleetClient evader = new(bare with { Port = _fleet.OperatorsPort });

        Assert.Equal(ConnectStatus.TlsFailed, device.Result.Status);
        Assert.Equal(NotAuthorized, evader.Result.Code);
    }

    [Fact]
    public void A_certificate_speaks_for_its_own_device_alone_whatever_name_and_password_come_with_it()
    {
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "sensor/#");
        using FleetClient b = FleetClient.Connect(Device("b"), "sensor/b/command");
        ClientOptions forged = Device("a") with
        {
            Username = "b",
            Password = _fleet.Password("b"),
            ClientId = "b",
        };

        using FleetClient a = FleetClient.Connect(forged, "sensor/b/command", "sensor/a/command");
        a.Publish("sensor/b/temperature", "forged");
        a.Publish("sensor/a/temperature", "21");
        alice.WaitFor("sensor/a/temperature 21");
        alice.Publish("sensor/b/command", "for b");
        alice.Publish("sensor/a/command", "for a");

        a.WaitFor("sensor/a/command for a");
        b.WaitFor("sensor/b/command for b");
        Assert.Equal(["sensor/a/command for a"], a.Heard);
        Assert.DoesNotContain("sensor/b/temperature forged", alice.Heard);
    }

    [Fact]
    public async Task A_revoked_certificate_is_out_at_once_and_does_not_come_back()
    {
        ClientOptions a = Device("a");
        using FleetClient connected = FleetClient.Connect(a, "sensor/a/command");

        string output = _fleet.Do("revoke", "a");

        await connected.Gone;
        using FleetClient again = new(a);
        using FleetClient b = FleetClient.Connect(Device("b"));
        Assert.Equal(ConnectStatus.TlsFailed, again.Result.Status);
        Assert.Contains("Its status says offline.", output);
    }

    [Fact]
    public async Task A_rotated_device_needs_its_new_certificate()
    {
        ClientOptions old = Device("a");
        using FleetClient connected = FleetClient.Connect(old);

        _fleet.Do("rotate", "a");

        await connected.Gone;
        using FleetClient again = new(old);
        using FleetClient renewed = FleetClient.Connect(Device("a"));
        Assert.Equal(ConnectStatus.TlsFailed, again.Result.Status);
    }

    [Fact]
    public void Without_an_operator_a_revoked_certificate_says_and_hears_nothing_more_and_that_is_said()
    {
        ClientOptions a = Device("a");
        using FleetClient connected = FleetClient.Connect(a, "sensor/a/command");
        using (FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice")))
        {
            alice.Publish("sensor/a/command", "before");
        }

        connected.WaitFor("sensor/a/command before");
        _fleet.Do("revoke", "alice");

        string output = _fleet.Do("revoke", "a");

        _fleet.AddOperator("bob");
        using FleetClient bob = FleetClient.Connect(FleetClient.Operator(_fleet, "bob"), "#");
        connected.Publish("sensor/a/temperature", "after"); // is acknowledged: the connection is open
        bob.Publish("sensor/a/command", "after");
        connected.TrySubscribe(["sensor/a/status"]); // the broker answers behind all that it has for it
        bob.Publish("sensor/end", "end");
        bob.WaitFor("sensor/end end");
        Assert.Equal(["sensor/a/command after", "sensor/end end"], bob.Heard);
        Assert.Equal(["sensor/a/command before"], connected.Heard);
        using FleetClient again = new(a);
        Assert.Equal(ConnectStatus.TlsFailed, again.Result.Status);
        Assert.Contains("No new connection is taken with its old certificate", output);
    }

    private ClientOptions Device(string id) => FleetClient.WithCertificate(_fleet, id);
}
