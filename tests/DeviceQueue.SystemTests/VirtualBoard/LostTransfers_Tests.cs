using DeviceQueue.Readings;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

/// <summary>
/// The driver does not ask whether a transfer came to its end. What the firmware calls ok is right nevertheless.
/// </summary>
public sealed class LostTransfers_Tests : IDisposable
{
    private const int Readings = 10_000;
    private const int ReadingsOfARun = 3;

    // A measurement waits for the chip, so many chips are read at the same time: all addresses that parts may have.
    private const int FirstAddress = 0x08;
    private const int Sockets = 0x70;

    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(Chip.Bme280)]
    [InlineData(Chip.Bmp280)]
    [InlineData(Chip.Sht31)]
    public void Whichever_transfer_fails_from_the_search_to_the_third_reading_none_that_is_ok_is_wrong(Chip chip)
    {
        string[] wrong = OnAll(chip, (socket, index) =>
        {
            int transfers = CountTransfers(socket);
            Assert.InRange(transfers, chip == Chip.Sht31 ? 8 : 60, 300);
            for (int run = index; run < transfers * Enum.GetValues<TransferFault>().Length; run += Sockets)
            {
                Run(socket, 1 + (run % transfers), (TransferFault)(run / transfers));
            }
        });

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData(Chip.Bme280, 0.001)]
    [InlineData(Chip.Bme280, 0.01)]
    [InlineData(Chip.Bmp280, 0.001)]
    [InlineData(Chip.Bmp280, 0.01)]
    [InlineData(Chip.Sht31, 0.001)]
    [InlineData(Chip.Sht31, 0.01)]
    public void In_10000_readings_with_losses_at_random_none_that_is_ok_is_wrong(Chip chip, double share)
    {
        int ok = 0;
        int setUps = 0;
        string[] wrong = OnAll(chip, (socket, index) =>
        {
            socket.Wires.SpoilAtRandom(share, index);
            for (int i = index; i < Readings; i += Sockets)
            {
                if (socket.Read("reading " + i) == SensorState.Ok)
                {
                    Interlocked.Increment(ref ok);
                }
            }

            Interlocked.Add(ref setUps, socket.SetUps);
        });

        Assert.Empty(wrong);

        // Two spoiled transfers of the same reading cost it; one costs neither it nor a start of the chip.
        double mayFail = Readings * share * 3;
        Assert.InRange(ok, Readings - mayFail, Readings);
        Assert.InRange(setUps, Sockets, Sockets + mayFail);
    }

    [Theory]
    [InlineData(0.001, 0.99)]
    [InlineData(0.01, 0.5)]
    public void In_10000_readings_of_an_SHT31_with_bits_turned_over_none_that_is_ok_is_wrong(
        double share, double mustPass)
    {
        int ok = 0;
        string[] wrong = OnAll(Chip.Sht31, (socket, index) =>
        {
            socket.Wires.FlipAtRandom(share, index);
            for (int i = index; i < Readings; i += Sockets)
            {
                if (socket.Read("reading " + i) == SensorState.Ok)
                {
                    Interlocked.Increment(ref ok);
                }
            }
        });

        Assert.Empty(wrong);
        Assert.InRange(ok, mustPass * Readings, Readings);
    }

    [Theory]
    [InlineData(Chip.Bme280)]
    [InlineData(Chip.Bmp280)]
    [InlineData(Chip.Sht31)]
    public void A_transfer_that_fails_costs_neither_the_reading_nor_another_start_of_the_chip(Chip chip)
    {
        string[] wrong = OnAll(chip, (socket, index) =>
        {
            Assert.Equal(SensorState.Ok, socket.Read("first"));
            int setUps = socket.SetUps;
            socket.Wires.Mend();
            Assert.Equal(SensorState.Ok, socket.Read("undisturbed"));
            int transfers = socket.Wires.Transfers;
            for (int run = index; run < transfers * (int)TransferFault.PowerLoss; run += Sockets)
            {
                socket.Wires.Mend();
                socket.Wires.Spoil(1 + (run % transfers), (TransferFault)(run / transfers));
                Assert.Equal(SensorState.Ok, socket.Read("spoiled"));
                Assert.Equal(setUps, socket.SetUps);
            }
        });

        Assert.Empty(wrong);
    }

    private static int CountTransfers(Socket socket)
    {
        socket.Restart();
        for (int i = 0; i < ReadingsOfARun; i++)
        {
            Assert.Equal(SensorState.Ok, socket.Read("undisturbed"));
        }

        return socket.Wires.Transfers;
    }

    private static void Run(Socket socket, int number, TransferFault fault)
    {
        socket.Restart();
        socket.Wires.Spoil(number, fault);
        for (int i = 1; i <= ReadingsOfARun; i++)
        {
            socket.Read($"transfer {number} {fault}, reading {i}");
        }

        Assert.Equal(SensorState.Ok, socket.Read($"transfer {number} {fault}, afterwards"));
    }

    /// <summary>Runs a test on all sockets at once and gives the wrong readings.</summary>
    private string[] OnAll(Chip chip, Action<Socket, int> test)
    {
        return _bench.Run(() =>
        {
            Bench.OpenI2c(FirstAddress).Dispose(); // sets the pins' functions
            IEnumerable<int> addresses = Enumerable.Range(FirstAddress, Sockets);
            Socket[] sockets = [.. addresses.Select(address => new Socket(_bench.Board, address, chip))];
            List<Exception> failures = [];
            Thread NewThread(Socket socket, int index) => new(() => Catch(failures, () => test(socket, index)));
            Thread[] threads = [.. sockets.Select(NewThread)];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            return failures.Count > 0 ? throw failures[0] : sockets.SelectMany(socket => socket.Wrong).ToArray();
        });
    }

    private static void Catch(List<Exception> failures, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            lock (failures)
            {
                failures.Add(e);
            }
        }
    }
}
