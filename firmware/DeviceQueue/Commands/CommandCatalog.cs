using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Time;

namespace DeviceQueue.Commands
{
    /// <summary>The commands that there are.</summary>
    internal static class CommandCatalog
    {
        /// <summary>Makes a command.</summary>
        /// <returns>The command, or <see langword="null"/> when there is none of that name.</returns>
        public static Command Make(
            string name,
            IDeviceControl device,
            OutputBank outputs,
            Sampler sampler,
            LoadedSettings settings,
            TrustedClock clock,
            long boot)
        {
            switch (name)
            {
                case "sensor.read":
                    return new SensorReadCommand(sampler, boot);
                case "config.get":
                    return new ConfigGetCommand(settings);
                case "config.set":
                    return new ConfigSetCommand(settings, device);
                case "device.info":
                    return new InfoCommand(settings.Device.Id, boot, clock, device);
                default:
                    return MakeForOutput(name, outputs, clock) ?? MakeForDevice(name, device, settings.Device);
            }
        }

        private static Command MakeForOutput(string name, OutputBank outputs, TrustedClock clock)
        {
            switch (name)
            {
                case "output.set":
                    return new OutputSwitchCommand(outputs, false);
                case "output.toggle":
                    return new OutputSwitchCommand(outputs, true);
                case "output.pulse":
                    return new OutputPulseCommand(outputs, clock);
                case "output.get":
                    return new OutputGetCommand(outputs);
                default:
                    return null;
            }
        }

        private static Command MakeForDevice(string name, IDeviceControl device, DeviceSettings settings)
        {
            switch (name)
            {
                case "device.stay_awake":
                    return settings.Sleep == null ? null : new StayAwakeCommand(device);
                case "device.ping":
                    return new PingCommand();
                case "device.reboot":
                    return new RebootCommand(device);
                case "device.wipe":
                    return new WipeCommand(settings.Id, device);
                default:
                    return null;
            }
        }
    }
}
