using DeviceQueue.Configuring;

namespace DeviceQueue.Esp32
{
    /// <summary>What the pins of an ESP32-WROOM module can be used for: ESP32 datasheet, section 2 (pins) and 3 (strapping pins).</summary>
    public sealed class Esp32Pins : IPinRules
    {
        private const int LastPin = 39;
        private const int FirstInputOnlyPin = 34;
        private const int FirstFlashPin = 6;
        private const int LastFlashPin = 11;

        /// <inheritdoc/>
        public string WhyNotOutput(int pin)
        {
            if (pin == 0 || pin == 2 || pin == 5 || pin == 12 || pin == 15)
            {
                return "it is a strapping pin, whose level at reset decides how the chip boots";
            }

            if (pin == 1 || pin == 3)
            {
                return "it is the console's serial line";
            }

            return WhyNotI2c(pin);
        }

        /// <inheritdoc/>
        public string WhyNotI2c(int pin)
        {
            if (pin < 0 || pin > LastPin || pin == 20 || pin == 24 || (pin >= 28 && pin <= 31))
            {
                return "the chip has no such pin";
            }

            if (pin >= FirstFlashPin && pin <= LastFlashPin)
            {
                return "pins 6 to 11 are wired to the flash";
            }

            return pin >= FirstInputOnlyPin ? "pins 34 to 39 are inputs only" : null;
        }
    }
}
