using DeviceQueue.Tests;
using VirtualBoard;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class BoardPins_Tests
{
    [Fact]
    public void The_virtual_board_has_the_pins_of_the_real_one()
    {
        // gpio, label, header, at_reset, output, i2c, limit, note
        Dictionary<int, string> limits = File.ReadLines(
            Path.Combine(Repository.Root, "hardware", "boards", "esp32-devkitc", "pins.csv"))
            .Skip(1).Select(line => line.Split(',')).ToDictionary(fields => int.Parse(fields[0]), fields => fields[6]);

        for (int pin = -1; pin <= BoardPins.Count; pin++)
        {
            Assert.Equal(limits.ContainsKey(pin), BoardPins.Exists(pin));
            if (limits.TryGetValue(pin, out string? limit))
            {
                Assert.Equal(limit == "input_only", BoardPins.IsInputOnly(pin));
                Assert.Equal(limit == "flash", BoardPins.IsFlash(pin));
            }
        }
    }
}
