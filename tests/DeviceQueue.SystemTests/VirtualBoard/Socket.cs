using DeviceQueue.NanoFramework;
using DeviceQueue.Readings;
using VirtualBoard;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

/// <summary>The chips that the firmware knows.</summary>
public enum Chip
{
    Bme280 = SensorTypes.Bme280,
    Bmp280 = SensorTypes.Bmp280,
    Sht31 = SensorTypes.Sht31,
}

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
    private readonly Chip _chip;
    private readonly II2cSlave _part;
    private Climate _climate;
    private int _readings;

    public Socket(Board board, int address, Chip chip)
    {
        _address = address;
        _chip = chip;
        _part = chip == Chip.Sht31
            ? new Sht31Slave(this)
            : new Bmx280Slave(chip == Chip.Bme280 ? Bmx280Chip.Bme280 : Bmx280Chip.Bmp280, this);
        Wires = new UnsteadyWires(_part);
        board.I2c.Attach(address, Wires);
        Restart();
    }

    public UnsteadyWires Wires { get; }

    public ISensor Sensor { get; private set; } = null!;

    public Reading Reading { get; } = new();

    /// <summary>Gets the readings that were ok and not what the climate was.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>Gets how often the firmware has set the chip up.</summary>
    public int SetUps => _part is Sht31Slave sht31 ? sht31.StatusReads : ((Bmx280Slave)_part).Resets;

    public Climate At(TimeSpan elapsed) => _climate;

    /// <summary>Power on, on steady wires.</summary>
    public void Restart()
    {
        Wires.Mend();
        _part.LosePower();
        Assert.True(SpinWait.SpinUntil(() => _part is not Sht31Slave { IsReady: false }, Bench.Patience));
        Sensor = SensorCatalog.Create((int)_chip, _address);
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
        IsRight(Quantity.Temperature, _climate.Temperature, ToleranceC)
        && (_chip == Chip.Bmp280
            ? !Reading.Has(Quantity.Humidity)
            : IsRight(Quantity.Humidity, _climate.Humidity, TolerancePercent))
        && (_chip == Chip.Sht31
            ? !Reading.Has(Quantity.Pressure)
            : IsRight(Quantity.Pressure, _climate.Pressure, ToleranceHPa));

    private bool IsRight(int quantity, double expected, double tolerance) =>
        Reading.Has(quantity) && Math.Abs(Reading.Get(quantity) - expected) < tolerance;
}
