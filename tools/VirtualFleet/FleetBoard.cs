using VirtualBoard;
using VirtualBoard.Parts;

namespace VirtualFleet;

/// <summary>A virtual board with the firmware, its flash and a sensor on wires that can be spoiled.</summary>
public sealed class FleetBoard : IDisposable
{
    private const int SensorAddress = 0x76;

    private static readonly Climate DailySwing = new(6, -12, 3);
    private static readonly Climate Noise = new(0.05, 0.2, 0.05);

    private readonly Board _board;
    private readonly UnsteadyWires _wires;

    /// <param name="id">The device id.</param>
    /// <param name="storage">The folder that stands for its flash, with its settings in it.</param>
    /// <param name="kind">The name of the board or of its chip.</param>
    /// <param name="seed">Makes its climate another than its neighbours'.</param>
    public FleetBoard(string id, string storage, string kind, int seed)
    {
        Id = id;
        Storage = storage;
        BoardModel model = BoardModel.Find(kind);
        Climate mean = new(15 + (seed % 12), 40 + (seed % 25), 1000 + (seed % 17));
        NoisyClimate climate = new(new CurveClimate(mean, DailySwing), Noise, seed);
        _wires = new UnsteadyWires(new Bmx280Slave(Bmx280Chip.Bme280, climate));
        _board = new Board { Model = model, StorageDirectory = storage };
        _board.I2c.Attach(SensorAddress, _wires, model.Sda, model.Scl);
    }

    public string Id { get; }

    public string Storage { get; }

    /// <summary>Gets how often the firmware was started.</summary>
    public int BootCount => _board.BootCount;

    /// <summary>Gets the exceptions that ended a thread of the firmware.</summary>
    public int UncaughtExceptions => _board.UncaughtExceptions.Count;

    public void PowerOn() => _board.PowerOn(DeviceQueue.Esp32.Program.Main);

    /// <summary>Cuts the power in the middle of whatever the firmware does.</summary>
    public void CutPower() => _board.PowerOff();

    /// <summary>Takes the radio's network away, or gives it back.</summary>
    public void SetLink(bool isThere) => _board.Network.WifiAvailable = isThere;

    /// <summary>Spoils this share of the transfers between the chip and its sensor.</summary>
    public void SpoilSensor(double share, int seed) => _wires.SpoilAtRandom(share, seed);

    public void MendSensor() => _wires.Mend();

    /// <summary>Switches it off as an operator does: it says offline first.</summary>
    public void ShutDown() => _board.ShutDown();

    public void Dispose() => _board.Dispose();
}
