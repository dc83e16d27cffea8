
namespace DeviceQueue.Outputs
{
    /// <summary>
    /// Says what the pins of a board can do, and which ones its bus is on when the settings name none. A reason is a
    /// few words that follow a pin's number, such as <c>it is an input only</c>.
    /// </summary>
    public interface IPinRules
    {
        /// <summary>Says why a pin must not be an output.</summary>
        /// <param name="pin">The pin's number.</param>
        /// <returns>The reason, or <see langword="null"/> when it may be one.</returns>
        string WhyNotOutput(int pin);

        /// <summary>Says why a pin must not be a line of the I2C bus.</summary>
        /// <param name="pin">The pin's number.</param>
        /// <returns>The reason, or <see langword="null"/> when it may be one.</returns>
        string WhyNotI2c(int pin);

        /// <summary>Says why a pin must not measure the battery.</summary>
        /// <param name="pin">The pin's number.</param>
        /// <param name="channel">Its channel of the first converter, the one that works beside Wi-Fi.</param>
        /// <returns>The reason, or <see langword="null"/> when it may.</returns>
        string WhyNotAdc(int pin, out int channel);

        /// <summary>Gets the pin of the I2C bus's data line.</summary>
        int I2cDataPin { get; }

        /// <summary>Gets the pin of the I2C bus's clock line.</summary>
        int I2cClockPin { get; }
    }
}
