using System.Collections.Concurrent;
using System.Device.I2c;
using System.Runtime.ExceptionServices;
using nanoFramework.Hardware.Esp32;
using VirtualBoard;
using PinFunctions = nanoFramework.Hardware.Esp32.Configuration;

namespace DeviceQueue.SystemTests.VirtualBoard;

/// <summary>A board on a bench, with flash of its own; runs pieces of firmware and says what became of them.</summary>
internal sealed class Bench : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _storage = Directory.CreateTempSubdirectory("dq-board-");

    public Bench()
        : this(BoardModel.Esp32)
    {
    }

    public Bench(BoardModel model) => Board = new Board { Model = model, StorageDirectory = _storage.FullName };

    public Board Board { get; }

    public static I2cDevice OpenI2c(int address)
    {
        PinFunctions.SetPinFunction(I2cWires.DefaultSda, DeviceFunction.I2C1_DATA);
        PinFunctions.SetPinFunction(I2cWires.DefaultScl, DeviceFunction.I2C1_CLOCK);
        return I2cDevice.Create(new I2cConnectionSettings(1, address));
    }

    public static void Await(WaitHandle signal) => Assert.True(signal.WaitOne(Patience), "It did not happen in time.");

    /// <summary>Boots the board with this as Main and waits for its result; an exception comes back as it is.</summary>
    public T Run<T>(Func<T> main)
    {
        BlockingCollection<(T? Result, ExceptionDispatchInfo? Error)> outcome = [];
        Board.PowerOn(() =>
        {
            try
            {
                outcome.Add((main(), null));
            }
            catch (Exception e)
            {
                outcome.Add((default, ExceptionDispatchInfo.Capture(e)));
            }
        });
        Assert.True(
            outcome.TryTake(out (T? Result, ExceptionDispatchInfo? Error) taken, Patience),
            "Main did not come to its end.");
        taken.Error?.Throw();
        return taken.Result!;
    }

    public void Run(Action main)
    {
        Run(() =>
        {
            main();
            return 0;
        });
    }

    public void Dispose()
    {
        Board.Dispose();
        _storage.Delete(recursive: true);
    }
}
