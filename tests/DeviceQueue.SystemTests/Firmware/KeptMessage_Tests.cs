using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using Mqtt;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>
/// A broker that keeps a message of 20,000 bytes for the device, for whose packet the board has no block of memory.
/// </summary>
public sealed class KeptMessage_Tests : IDisposable
{
    private const string Blocked = "status: commands: blocked by a message that is too large";

    private readonly string _folder = Directory.CreateTempSubdirectory("kept-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_retained_one_is_removed_and_the_device_is_online_with_its_commands()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using Operator watcher = new(broker);
        watcher.Publish("command", new byte[20_000], retain: true);
        using FieldBoard board = new FieldBoard(broker.Port).Boot();

        watcher.WaitFor("command", m => m.Payload.Length == 0);
        watcher.WaitFor("status", m => m.Text == "online");
        watcher.WaitForReadings(3);
        board.WaitForConsole("status: all well");

        Assert.Equal(
            "succeeded", watcher.Command("output.set", """{"name":"relay1","on":true}""")["status"]!.ToString());
        using Observer late = new(broker, "sensor/field1/#");
        late.WaitFor(m => m.Topic.EndsWith("/status", StringComparison.Ordinal) && m.Text == "online");
        Assert.DoesNotContain(late.Messages, m => m.Topic.EndsWith("/command", StringComparison.Ordinal));
    }

    [Fact]
    public void One_that_waits_in_the_kept_session_is_discarded_with_it_and_health_says_so()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using Operator watcher = new(broker);
        using FieldBoard board = new(broker.Port);
        board.Options["clean_session"] = false;
        board.Boot();
        board.WaitForConsole("status: all well");
        watcher.WaitForReadings(1);
        board.Board.PowerOff();
        watcher.Publish("command", new byte[20_000]);
        int before = watcher.Messages.Count(m => m.Topic.EndsWith("/temperature", StringComparison.Ordinal));

        board.BootAsIs();

        watcher.WaitForHealth(health => health["session_discarded"]?.GetValue<int>() == 1);
        watcher.WaitForReadings(before + 3);
        Assert.Equal(
            "succeeded", watcher.Command("output.set", """{"name":"relay1","on":true}""")["status"]!.ToString());
    }

    [Fact]
    public async Task Where_the_access_list_forbids_to_remove_it_readings_go_on_and_the_console_names_the_right()
    {
        string access = Path.Combine(_folder, "access");
        File.WriteAllText(
            access,
            "pattern write sensor/%c/status\npattern write sensor/%c/temperature\npattern write sensor/%c/health\n"
            + "pattern write sensor/%c/output/+\npattern read sensor/%c/#\n\nuser operator\ntopic readwrite #\n");
        using MosquittoBroker broker = MosquittoBroker.Start(
            new MosquittoBrokerOptions { ExtraLines = [$"acl_file {access}"] });
        using BrokerClient person = new(
            new ClientOptions { Host = broker.Host, Port = broker.Port, Username = "operator" });
        Recorder<ReceivedMessage> seen = new();
        person.MessageReceived += seen.Add;
        Assert.True(person.Connect(Patience.Bound).IsAccepted);
        Assert.NotNull(await person.SubscribeAsync(["sensor/#"], 1).Bounded());
        Assert.True(await person.PublishAsync("sensor/field1/command", new byte[20_000], 1, true).Bounded());
        using FieldBoard board = new FieldBoard(broker.Port).Boot();

        board.WaitForConsole(Blocked);
        board.WaitForConsole("allow field1 to publish to sensor/field1/command");
        int readings = seen.Items.Count(m => m.Topic.EndsWith("/temperature", StringComparison.Ordinal));
        seen.WaitFor(readings + 5, m => m.Topic.EndsWith("/temperature", StringComparison.Ordinal));
        seen.WaitFor(1, m => m.Topic.EndsWith("/health", StringComparison.Ordinal)
            && System.Text.Encoding.UTF8.GetString(m.Payload)
            .Contains("\"commands\":\"blocked by a message that is too large\"", StringComparison.Ordinal));
        Assert.Equal(
            "online",
            System.Text.Encoding.UTF8.GetString(
                seen.Items.Last(m => m.Topic.EndsWith("/status", StringComparison.Ordinal)).Payload));
    }
}
