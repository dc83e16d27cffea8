using System.Text;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class Outbox_Tests
{
    private const int FirstOfSecondBoot = 257;

    [Fact]
    public async Task Readings_of_an_outage_that_ends_in_a_power_cut_arrive_once_and_in_order_before_the_new_ones()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FieldBoard board = new FieldBoard(broker.Port).Boot();
        using (Operator first = new(broker))
        {
            first.WaitForReadings(1);
        }

        broker.Kill();
        board.WaitForConsole("link lost");
        while (Stored(board.Board.StorageDirectory).Length < 4)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        board.Board.PowerOff();
        int[] stored = Stored(board.Board.StorageDirectory);
        Assert.Equal(Enumerable.Range(stored[0], stored.Length), stored);
        broker.Restart();
        using Operator second = new(broker);
        board.BootAsIs();

        Observed[] readings = second.WaitForReadings(stored.Length + 2);
        Assert.Equal(
            [.. stored, FirstOfSecondBoot, FirstOfSecondBoot + 1], readings.Take(stored.Length + 2).Select(Seq));
        JsonNode queue = second.WaitForHealth(h => h["queue"]!["messages"]!.GetValue<int>() <= 1)["queue"]!;
        Assert.Equal(
            (0, 0, false),
            (queue["torn"]!.GetValue<int>(), queue["damaged"]!.GetValue<int>(), queue["degraded"]!.GetValue<bool>()));
    }

    [Fact]
    public void Flash_that_is_full_in_an_outage_costs_no_reading_and_is_said()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FaultProxy proxy = new(broker);
        using FieldBoard board = new FieldBoard(proxy.Port).Boot();
        using Operator first = new(broker);
        first.WaitForReadings(1);

        board.Board.Storage.Full = true;
        broker.Kill();
        proxy.RefuseConnections();
        board.WaitForConsole("outbox of queue readings: storage is full or fails, messages wait in memory only");
        int before = first.WaitForReadings(1).Max(Seq);
        broker.Restart();
        using Operator second = new(broker); // there before the firmware can be
        proxy.AcceptConnections();

        int[] arrived = [.. second.WaitForReadings(3).Select(Seq)];
        Assert.Equal(Enumerable.Range(arrived[0], arrived.Length), arrived);
        Assert.InRange(arrived[0], 1, before + 1);
        board.WaitForConsole("outbox of queue readings is whole again");
    }

    /// <summary>
    /// The numbers of the readings in the outbox's file, in order; read from a copy, because a board may be at it.
    /// </summary>
    private static int[] Stored(string folder)
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("dq-outbox-");
        try
        {
            foreach (string file in Directory.GetFiles(folder, "outbox.*"))
            {
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            }

            ConfigParams config = ConfigParams.FromString("options.qos=1;options.outbox=outbox;options.max_bytes=4000");
            QueueOptions options = QueueConfig.ReadOptions(config, new ConfigProblems());
            Outbox outbox = new(options, new AutoResetEvent(false), new DesktopStore(copy.FullName));
            PublishRequest request = new();
            List<int> numbers = [];
            while (outbox.TryTake(1000, request))
            {
                numbers.Add(SeqOf(Encoding.UTF8.GetString(request.Payload)));
                outbox.OnHandedOver(numbers.Count);
                outbox.OnPublished(numbers.Count, true, 1000);
            }

            return [.. numbers];
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static int Seq(Observed reading) => SeqOf(reading.Text);

    private static int SeqOf(string reading) => JsonNode.Parse(reading)!["seq"]!.GetValue<int>();
}
