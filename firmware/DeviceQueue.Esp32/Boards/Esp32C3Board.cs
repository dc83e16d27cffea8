using DeviceQueue.Outputs;

namespace DeviceQueue.Esp32.Boards
{
    /// <summary>
    /// ESP32-C3-DevKitM-1, and other boards with an ESP32-C3. Pins: ESP32-C3 datasheet, pins and strapping pins;
    /// ESP-IDF programming guide, GPIO summary. The same as data: hardware/boards/esp32-c3-devkitm-1/pins.csv.
    /// </summary>
    public sealed class Esp32C3Board : IPinRules
    {
        /// <summary>What nanoff calls the image for it: for chips from revision 3 on.</summary>
        public const string Target = "ESP32_C3";

        private const int LastPin = 21;
        private const int LastAdcPin = 4;
        private const int FirstFlashPin = 11;
        private const int LastFlashPin = 17;

        /// <inheritdoc/>
        public int I2cDataPin => 5;

        /// <inheritdoc/>
        public int I2cClockPin => 6;

        /// <inheritdoc/>
        public string WhyNotOutput(int pin)
        {
            return pin == 2 ? Board.Strapping : WhyNotI2c(pin);
        }

        /// <inheritdoc/>
        public string WhyNotAdc(int pin, out int channel)
        {
            channel = pin;
            return pin > LastAdcPin ? "pins 0 to 4 can measure a battery" : WhyNotOutput(pin);
        }

        /// <inheritdoc/>
        public string WhyNotI2c(int pin)
        {
            if (pin < 0 || pin > LastPin)
            {
                return Board.NoSuchPin;
            }

            // A device that holds 9 low keeps the chip in its boot loader, and one that holds 8 low keeps it out.
            if (pin == 8 || pin == 9)
            {
                return Board.Strapping;
            }

            if (pin == 20 || pin == 21)
            {
                return Board.Console;
            }

            if (pin == 18 || pin == 19)
            {
                return Board.Usb;
            }

            // 11 is the flash's supply.
            return pin >= FirstFlashPin && pin <= LastFlashPin ? "pins 11 to 17 are wired to the flash" : null;
        }
    }
}
