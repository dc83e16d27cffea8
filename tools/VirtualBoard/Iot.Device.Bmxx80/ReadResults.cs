using UnitsNet;

namespace Iot.Device.Bmxx80.ReadResult;

public class Bmp280ReadResult(Temperature temperature, bool temperatureIsValid, Pressure pressure, bool pressureIsValid)
{
    public Temperature Temperature { get; } = temperature;

    public bool TemperatureIsValid { get; } = temperatureIsValid;

    public Pressure Pressure { get; } = pressure;

    public bool PressureIsValid { get; } = pressureIsValid;
}

public class Bme280ReadResult(
    Temperature temperature,
    bool temperatureIsValid,
    Pressure pressure,
    bool pressureIsValid,
    RelativeHumidity humidity,
    bool humidityIsValid)
    : Bmp280ReadResult(temperature, temperatureIsValid, pressure, pressureIsValid)
{
    public RelativeHumidity Humidity { get; } = humidity;

    public bool HumidityIsValid { get; } = humidityIsValid;
}
