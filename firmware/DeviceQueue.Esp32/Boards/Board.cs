using DeviceQueue.Outputs;

namespace DeviceQueue.Esp32.Boards
{
    /// <summary>
    /// Chooses the board by the image on it. One managed image runs on all of them: assemblies are IL, and each names
    /// one checksum of its native half, which is the same in the images of all chips.
    /// </summary>
    public static class Board
    {
        // What the rules of the chips have in common.
        internal const string NoSuchPin = "the chip has no such pin";
        internal const string Strapping = "it is a strapping pin, whose level at reset decides how the chip boots";
        internal const string Console = "it is the console's serial line";
        internal const string Usb = "it is a data line of the chip's USB port";

        /// <summary>Finds the board that an image is for.</summary>
        /// <param name="targetName">The image's name, as <c>SystemInfo.TargetName</c> has it: that of nanoff's target,
        /// such as <c>ESP32_REV3</c>, <c>ESP32_S3_OCTAL</c>, <c>XIAO_ESP32C3</c>, <c>AtomS3</c>.</param>
        /// <param name="hasPsram">Whether the module has PSRAM, which takes pins.</param>
        /// <returns>The board; that of an ESP32 for a name that tells no chip, as <c>M5Core</c>.</returns>
        public static IPinRules Find(string targetName, bool hasPsram)
        {
            if (targetName.IndexOf("S3") >= 0)
            {
                return new Esp32S3Board();
            }

            if (targetName.IndexOf("C3") >= 0)
            {
                return new Esp32C3Board();
            }

            return new Esp32Board(hasPsram);
        }
    }
}
