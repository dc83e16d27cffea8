using DeviceQueue.Outputs;

namespace DeviceQueue.Esp32.Boards
{
    /// <summary>
    /// ESP32-DevKitC, and other boards with an ESP32. Pins: ESP32 datasheet, pin definitions, strapping pins and
    /// IO_MUX. The same as data, pin by pin: hardware/boards/esp32-devkitc/pins.csv.
    /// </summary>
    public sealed class Esp32Board : IPinRules
    {
        /// <summary>What nanoff calls the image for it: one for modules with PSRAM and without.</summary>
        public const string Target = "ESP32_PSRAM_REV0";

        private const int LastPin = 39;
        private const int FirstInputOnlyPin = 34;
        private const int FirstAdcPin = 32;
        private const int FirstAdcInputPin = 36; // channel 0
        private const int FirstFlashPin = 6;
        private const int LastFlashPin = 11;
        private const int FirstPsramPin = 16;
        private const int LastPsramPin = 17;

        private readonly bool _hasPsram;

        /// <param name="hasPsram">Whether the module has PSRAM (ESP32-WROVER), which takes two pins.</param>
        public Esp32Board(bool hasPsram)
        {
            _hasPsram = hasPsram;
        }

        /// <inheritdoc/>
        public int I2cDataPin => 21;

        /// <inheritdoc/>
        public int I2cClockPin => 22;

        /// <inheritdoc/>
        public string WhyNotOutput(int pin)
        {
            return pin == 5 || pin == 15 ? Board.Strapping : WhyNotI2c(pin);
        }

        /// <inheritdoc/>
        public string WhyNotAdc(int pin, out int channel)
        {
            channel = pin < FirstAdcInputPin ? pin - FirstAdcPin + 4 : pin - FirstAdcInputPin;
            return pin < FirstAdcPin || pin > LastPin ? "pins 32 to 39 can measure a battery" : null;
        }

        /// <inheritdoc/>
        public string WhyNotI2c(int pin)
        {
            if (pin < 0 || pin > LastPin || pin == 20 || pin == 24 || (pin >= 28 && pin <= 31))
            {
                return Board.NoSuchPin;
            }

            // A bus holds its lines high, and that at reset 2 and 12 must not be; a device that holds 0 low keeps the
            // chip in its boot loader.
            if (pin == 0 || pin == 2 || pin == 12)
            {
                return Board.Strapping;
            }

            if (pin == 1 || pin == 3)
            {
                return Board.Console;
            }

            if (pin >= FirstFlashPin && pin <= LastFlashPin)
            {
                return "pins 6 to 11 are wired to the flash";
            }

            if (_hasPsram && pin >= FirstPsramPin && pin <= LastPsramPin)
            {
                return "pins 16 and 17 are wired to the module's PSRAM";
            }

            return pin >= FirstInputOnlyPin ? "pins 34 to 39 are inputs only" : null;
        }
    }
}
