using System.Diagnostics;
using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.SystemTests.M2Mqtt;

public sealed class Power_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void A_power_cut_is_silent_and_the_broker_notices_by_its_keepalive()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using TestClient test = new(fixture.Broker.Port);
        test.Board.Run(
            () => test.Client.Connect(
                topic, null, null, false, MqttQoSLevel.AtLeastOnce, true, topic, "offline", true, 5));
        Task firmware = test.Board.Start(() =>
        {
            while (true)
            {
                test.Client.Publish(topic, "reading"u8.ToArray());
                Thread.Sleep(1);
            }
        });
        observer.WaitFor(message => message.Text == "reading");

        test.Board.Board.PowerOff();
        long off = Stopwatch.GetTimestamp();

        // What the broker had received by then is all there is.
        observer.Publish(topic, "power off");
        Observed will = observer.WaitFor(message => message.Text == "offline");
        Observed[] seen = observer.Messages;
        Assert.DoesNotContain(
            seen.SkipWhile(message => message.Text != "power off"), message => message.Text == "reading");
        Assert.True(Stopwatch.GetElapsedTime(off, will.Time) >= TimeSpan.FromSeconds(6));
        Assert.False(firmware.IsCompleted);
        Assert.Empty(test.Closed.Items);
    }

    [Fact]
    public void Disposing_the_board_closes_what_the_power_cut_left_open()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using TestClient test = new(fixture.Broker.Port);
        test.Board.Run(
            () => test.Client.Connect(
                topic, null, null, false, MqttQoSLevel.AtLeastOnce, true, topic, "offline", true, 60));

        test.Board.Board.PowerOff();
        test.Board.Board.Dispose();

        Assert.Equal("offline", observer.WaitFor(message => message.Topic == topic).Text);
    }
}
