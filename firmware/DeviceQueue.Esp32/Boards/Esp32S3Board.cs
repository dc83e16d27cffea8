using DeviceQueue.Outputs;

namespace DeviceQueue.Esp32.Boards
{
    /// <summary>
    /// ESP32-S3-DevKitC-1, and other boards with an ESP32-S3. Pins: ESP32-S3 datasheet, pins and strapping pins;
    /// ESP-IDF programming guide, GPIO summary. The same as data: hardware/boards/esp32-s3-devkitc-1/pins.csv.
    /// </summary>
    public sealed class Esp32S3Board : IPinRules
    {
        /// <summary>What nanoff calls the image for it: for modules with octal PSRAM, as N8R8, or none.</summary>
        public const string Target = "ESP32_S3_OCTAL";

        private const int LastPin = 48;
        private const int LastAdcPin = 10;
        private const int FirstFlashPin = 26;
        private const int LastFlashPin = 32;
        private const int FirstPsramPin = 33;
        private const int LastPsramPin = 37;

        /// <inheritdoc/>
        public int I2cDataPin => 8;

        /// <inheritdoc/>
        public int I2cClockPin => 9;

        /// <inheritdoc/>
        public string WhyNotOutput(int pin)
        {
            return pin == 3 ? Board.Strapping : WhyNotI2c(pin);
        }

        /// <inheritdoc/>
        public string WhyNotAdc(int pin, out int channel)
        {
            channel = pin - 1;
            return pin < 1 || pin > LastAdcPin ? "pins 1 to 10 can measure a battery" : WhyNotOutput(pin);
        }

        /// <inheritdoc/>
        public string WhyNotI2c(int pin)
        {
            if (pin < 0 || pin > LastPin || (pin >= 22 && pin <= 25))
            {
                return Board.NoSuchPin;
            }

            // A bus holds its lines high: with 45 high at reset the flash gets 1.8 V, and with 46 high the chip cannot
            // be flashed. A device that holds 0 low keeps the chip in its boot loader.
            if (pin == 0 || pin == 45 || pin == 46)
            {
                return Board.Strapping;
            }

            if (pin == 43 || pin == 44)
            {
                return Board.Console;
            }

            if (pin == 19 || pin == 20)
            {
                return Board.Usb;
            }

            if (pin >= FirstFlashPin && pin <= LastFlashPin)
            {
                return "pins 26 to 32 are wired to the flash";
            }

            // By octal PSRAM, which most modules have. Whether this one does cannot be asked: the image for quad PSRAM
            // does not find it.
            return pin >= FirstPsramPin && pin <= LastPsramPin
                ? "pins 33 to 37 are wired to the module's PSRAM"
                : null;
        }
    }
}
