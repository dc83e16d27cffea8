using System.Device.Gpio;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.Tests.HomeAssistant;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class HomeAssistant_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void A_device_announces_itself_shows_its_values_and_is_switched()
    {
        string id = fixture.NewName();
        string topic = $"homeassistant/device/{id}/config";
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["discovery"] = true;
        board.Boot();
        watcher.WaitForReadings(1);
        using (Observer early = new(fixture.Broker, topic))
        {
            early.WaitFor(_ => true);
        }

        using Observer home = new(fixture.Broker, "homeassistant/device/#");
        Observed announcement = home.WaitFor(m => m.Topic == topic);
        Assert.True(announcement.Retain);
        HomeAssistantDevice device = new(announcement.Text);
        Assert.Equal(["temperature", "humidity", "pressure"], device.Names("sensor"));
        Assert.Equal(21.5, device.Value("temperature", watcher.WaitFor("temperature").Text));

        Dictionary<string, string> relay = device.Components["o_relay1"];
        home.Publish(relay["command_topic"], "ON");
        using Observer state = new(fixture.Broker, relay["state_topic"], relay["availability_topic"]);
        state.WaitFor(m => m.Topic == relay["state_topic"] && m.Text == "ON");
        state.WaitFor(m => m.Topic == relay["availability_topic"] && m.Text == "online");
        Assert.Equal(PinValue.High, board.Board.Gpio[FieldBoard.RelayPin].Level);

        home.Publish("homeassistant/status", "online");
        home.WaitFor(m => m.Topic == topic && !m.Retain && m.Text == announcement.Text);
    }

    [Fact]
    public void With_discovery_switched_off_the_announcement_is_gone_after_the_next_boot()
    {
        string id = fixture.NewName();
        string topic = $"homeassistant/device/{id}/config";
        using Observer home = new(fixture.Broker, topic);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["discovery"] = true;
        board.Boot();
        home.WaitFor(m => m.Payload.Length > 0);
        board.Board.PowerOff();

        board.Device["discovery"] = false;
        board.Boot();

        home.WaitFor(m => m.Payload.Length == 0);
        using Operator watcher = new(fixture.Broker, id);
        watcher.WaitFor("status", m => m.Text == "online");
        using Observer late = new(fixture.Broker, topic, $"sensor/{id}/status");
        late.WaitFor(m => m.Topic != topic);
        Assert.DoesNotContain(late.Messages, m => m.Topic == topic);
    }
}
