using DeviceQueue.NanoFramework;
using DeviceQueue.Readings;
using VirtualBoard;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

/// <summary>
/// A chip on unsteady wires, the firmware's sensor for it, and the climate to hold its readings against.
/// </summary>
internal sealed class Socket : IClimateScript
{
    // The raw values have 16 bits, as measured with one sample of each.
    private const double ToleranceC = 0.01;
    private const double TolerancePercent = 0.03;
    private const double ToleranceHPa = 0.05;

    private readonly int _address;
    private readonly Bmx280Chip _chip;
    private readonly bool _hasHumidity;
    private Climate _climate;
    private int _readings;

    public Socket(Board board, int address, Bmx280Chip chip)
    {
        _address = address;
        _chip = chip;
        _hasHumidity = chip == Bmx280Chip.Bme280;
        Chip = new Bmx280Slave(chip, this);
        Wires = new UnsteadyWires(Chip);
        board.I2c.Attach(address, Wires);
        Restart();
    }

    public Bmx280Slave Chip { get; }

    public UnsteadyWires Wires { get; }

    public Bmx280Sensor Sensor { get; private set; } = null!;

    public Reading Reading { get; } = new();

    /// <summary>Gets the readings that were ok and not what the climate was.</summary>
    public List<string> Wrong { get; } = [];

    public Climate At(TimeSpan elapsed) => _climate;

    /// <summary>Power on, on steady wires.</summary>
    public void Restart()
    {
        Wires.Mend();
        Chip.LosePower();
        Sensor = new Bmx280Sensor((int)_chip, _address);
    }

    /// <summary>Reads in a climate that differs from the one before in all quantities.</summary>
    public SensorState Read(string circumstances)
    {
        _readings++;
        _climate = new Climate(-20 + (_readings * 7 % 60), 10 + (_readings * 11 % 80), 950 + (_readings * 13 % 100));
        SensorState state = Sensor.Read(Reading);
        if (state == SensorState.Ok && !IsRight())
        {
            string read = $"{Reading.Get(Quantity.Temperature):F2} °C, {Reading.Get(Quantity.Humidity):F2} %, "
                + $"{Reading.Get(Quantity.Pressure):F2} hPa";
            Wrong.Add($"{circumstances}: {read} in {_climate}");
        }

        return state;
    }

    private bool IsRight() =>
        Math.Abs(Reading.Get(Quantity.Temperature) - _climate.Temperature) < ToleranceC
        && Math.Abs(Reading.Get(Quantity.Pressure) - _climate.Pressure) < ToleranceHPa
        && Reading.Has(Quantity.Humidity) == _hasHumidity
        && (!_hasHumidity || Math.Abs(Reading.Get(Quantity.Humidity) - _climate.Humidity) < TolerancePercent);
}
