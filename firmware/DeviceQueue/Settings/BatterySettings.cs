using DeviceQueue.Configuration;
using DeviceQueue.Outputs;

namespace DeviceQueue.Settings
{
    /// <summary>How the battery is measured: <c>device.battery</c>.</summary>
    public sealed class BatterySettings
    {
        private const int MaxV = 40; // more than the largest factors give
        private const double LeastCalibration = 0.8;
        private const double MostCalibration = 1.2;

        private double _ratio = 2;
        private double _calibration = 1;

        /// <summary>Gets the channel of the pin.</summary>
        public int Channel { get; private set; } = DeviceSettings.NoPin;

        /// <summary>Gets the battery's voltage over that at the pin, as the chip measures it.</summary>
        public double Factor => _ratio * _calibration;

        /// <summary>Gets the voltage below which it is low, in millivolts; 0: it never is.</summary>
        public int LowMv { get; private set; }

        internal bool TryTake(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "device.battery.pin":
                    Channel = reader.Integer(Channel, 0, PinPlan.MaxPin);
                    return true;
                case "device.battery.ratio":
                    _ratio = reader.Number(_ratio, 1, 10);
                    return true;
                case "device.battery.calibration":
                    if (!reader.TryNumber(LeastCalibration, MostCalibration, out _calibration))
                    {
                        reader.Refuse("a number from 0.8 to 1.2 is allowed");
                    }

                    return true;
                case "device.battery.low_v":
                    LowMv = (int)((reader.Number(0, 0, MaxV) * 1000) + 0.5);
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>Takes the pin, and finds its channel.</summary>
        /// <returns>The settings, or <see langword="null"/> when there is no pin: nothing is measured.</returns>
        internal static BatterySettings Check(BatterySettings battery, PinPlan plan)
        {
            if (battery == null || battery.Channel == DeviceSettings.NoPin)
            {
                return null;
            }

            battery.Channel = plan.TakeAdc("device.battery.pin", battery.Channel);
            return battery;
        }
    }
}
