using DeviceQueue.Readings;

namespace DeviceQueue.Tests.Readings;

/// <summary>A sensor to a test's script.</summary>
internal sealed class FakeSensor : ISensor
{
    public string Description { get; set; } = "BME280 at 0x76";

    public int Address => State == SensorState.Ok ? 0x76 : 0;

    public SensorState State { get; set; } = SensorState.Ok;

    public bool Throws { get; set; }

    public bool HasHumidity { get; set; } = true;

    public bool HasPressure { get; set; } = true;

    public double TemperatureC { get; set; } = 21.474;

    public double HumidityPercent { get; set; } = 45.1;

    public double PressureHPa { get; set; } = 1006.525;

    public int Reads { get; private set; }

    public Action Reading { get; set; } = () => { };

    public SensorState Read(Reading reading)
    {
        Reads++;
        Reading();
        if (Throws)
        {
            throw new IOException("I2C");
        }

        reading.Clear();
        reading.Set(Quantity.Temperature, TemperatureC);
        if (HasHumidity)
        {
            reading.Set(Quantity.Humidity, HumidityPercent);
        }

        if (HasPressure)
        {
            reading.Set(Quantity.Pressure, PressureHPa);
        }

        return State;
    }
}
