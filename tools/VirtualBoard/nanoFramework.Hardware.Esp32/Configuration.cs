using System.Collections.Concurrent;
using VirtualBoard;

namespace nanoFramework.Hardware.Esp32;

/// <summary>The chip's pin matrix.</summary>
public class Configuration
{
    /// <summary>Leads a device's line to a pin.</summary>
    /// <exception cref="ArgumentException">There is no such pin.</exception>
    public static void SetPinFunction(int pin, DeviceFunction value)
    {
        Boot boot = Board.CurrentBoot;
        boot.Pass();
        boot.PinFunctions[value] = boot.Board.Model.Exists(pin) ? pin : throw new ArgumentException(null);
    }

    /// <summary>Gets a line's pin; -1 when it has none.</summary>
    public static int GetFunctionPin(DeviceFunction function)
    {
        Boot boot = Board.CurrentBoot;
        boot.Pass();
        return boot.PinFunctions[function];
    }
}

/// <summary>
/// Which pins the devices have. Without a word from the firmware an ESP32 has an I2C bus, too, on pins that lead
/// nowhere on most boards (ESP32_DeviceMapping.cpp).
/// </summary>
internal sealed class PinFunctions(BoardModel model)
{
    private readonly ConcurrentDictionary<DeviceFunction, int> _pins = new()
    {
        [DeviceFunction.I2C1_DATA] = model.I2cAtStart.Data,
        [DeviceFunction.I2C1_CLOCK] = model.I2cAtStart.Clock,
        [DeviceFunction.I2C2_DATA] = model.Chip == BoardModel.Esp32.Chip ? 25 : -1,
        [DeviceFunction.I2C2_CLOCK] = model.Chip == BoardModel.Esp32.Chip ? 26 : -1,
    };

    public int this[DeviceFunction function]
    {
        get => _pins.GetValueOrDefault(function, -1);
        set => _pins[function] = value;
    }
}
