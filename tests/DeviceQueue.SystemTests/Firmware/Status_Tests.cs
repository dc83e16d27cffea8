using System.Device.Gpio;
using System.Diagnostics;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class Status_Tests
{
    [Fact]
    public void A_frozen_broker_is_found_within_one_and_a_half_keepalives_of_the_next_publish()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FieldBoard board = new(broker.Port);
        board.Options["keepalive_timeout"] = 4000;
        board.Boot();
        using (Operator watcher = new(broker))
        {
            watcher.WaitForReadings(2);
        }

        broker.Freeze();
        long start = Stopwatch.GetTimestamp();
        board.WaitForConsole("link lost");
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15));

        broker.Thaw();
        using Operator later = new(broker);
        later.WaitForReadings(2);
    }

    [Fact]
    public void A_link_that_the_device_gives_up_leaves_its_will_to_the_broker()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using Operator watcher = new(broker);
        using FieldBoard board = new(broker.Port);
        board.Options["keepalive_timeout"] = 4000;
        board.Boot();
        watcher.WaitForReadings(2);

        broker.Freeze();
        board.WaitForConsole("link lost");
        broker.Thaw();

        watcher.WaitFor("status", m => m.Text == "offline");
        watcher.WaitForReadings(4);
    }

    [Fact]
    public void An_offline_that_another_says_in_its_name_is_corrected()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using Operator watcher = new(broker);
        using FieldBoard board = new FieldBoard(broker.Port).Boot();
        board.WaitForConsole("status: all well");

        watcher.Publish("status", "offline"u8.ToArray(), retain: true);
        Observed[] said = watcher.Messages;
        watcher.WaitForReadings(said.Length + 2);

        Assert.Equal("online", watcher.Messages.Last(m => m.Topic.EndsWith("/status", StringComparison.Ordinal)).Text);
    }

    [Fact]
    public void Birth_is_retained_and_the_will_says_offline_when_the_power_goes()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FieldBoard board = new(broker.Port);
        board.Options["keepalive_timeout"] = 2000;
        board.Boot();
        using Operator watcher = new(broker);
        watcher.WaitFor("status", m => m.Text == "online");
        using Operator late = new(broker);
        Assert.True(late.WaitFor("status").Retain);

        board.Board.PowerOff();

        watcher.WaitFor("status", m => m.Text == "offline", TimeSpan.FromSeconds(15));
    }

    [Fact]
    public void Two_boards_in_one_process_share_nothing()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using Operator north = new(broker, "north");
        using Operator south = new(broker, "south");
        using FieldBoard northBoard = new FieldBoard(broker.Port, "north").Boot();
        using FieldBoard southBoard = new FieldBoard(broker.Port, "south").Boot();
        north.WaitFor("status", m => m.Text == "online");
        south.WaitFor("status", m => m.Text == "online");

        north.Command("output.set", """{"name":"relay1","on":true}""");

        Assert.Equal(PinValue.High, northBoard.Board.Gpio[FieldBoard.RelayPin].Level);
        Assert.Equal(PinValue.Low, southBoard.Board.Gpio[FieldBoard.RelayPin].Level);
    }
}
