
namespace DeviceQueue.Outputs
{
    /// <summary>The pins that outputs stand on.</summary>
    public interface IOutputPins
    {
        /// <summary>Makes a pin an output at a level, with nothing between that can be avoided.</summary>
        /// <param name="pin">The GPIO number.</param>
        /// <param name="isHigh">The level.</param>
        void Open(int pin, bool isHigh);

        /// <summary>Drives an open pin.</summary>
        /// <param name="pin">The GPIO number.</param>
        /// <param name="isHigh">The level.</param>
        void Write(int pin, bool isHigh);
    }
}
