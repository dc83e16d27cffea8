using System.Device.Adc;
using DeviceQueue.Readings;

namespace DeviceQueue.NanoFramework
{
    /// <summary>A channel of the chip's converter.</summary>
    public sealed class AnalogInput : IAnalogInput
    {
        private readonly int _number;
        private AdcChannel _channel;

        /// <summary>Makes an input; the channel is opened when it is read first.</summary>
        /// <param name="channel">The channel of the first converter.</param>
        public AnalogInput(int channel)
        {
            _number = channel;
        }

        /// <inheritdoc/>
        public int Read()
        {
            _channel ??= new AdcController().OpenChannel(_number);
            return _channel.ReadValue();
        }
    }
}
