using System;
using System.Device.Gpio;
using DeviceQueue.Outputs;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// Outputs on the chip's own pins. The platform cannot choose an output's first level: SetPinMode drives low and
    /// Write before it throws, so an output whose safe level is high is low for the time between two calls, some ten
    /// microseconds. Drivers that are active high do not see it.
    /// </summary>
    public sealed class GpioOutputs : IOutputPins, IDisposable
    {
        private readonly GpioController _controller = new GpioController();

        /// <inheritdoc/>
        public void Open(int pin, bool isHigh)
        {
            GpioPin opened = _controller.OpenPin(pin);
            opened.SetPinMode(PinMode.Output); // low at once
            if (isHigh)
            {
                opened.Write(PinValue.High);
            }
        }

        /// <inheritdoc/>
        public void Write(int pin, bool isHigh)
        {
            _controller.Write(pin, isHigh);
        }

        /// <summary>Closes every pin that the firmware opened.</summary>
        public void Dispose()
        {
            _controller.Dispose();
        }
    }
}
