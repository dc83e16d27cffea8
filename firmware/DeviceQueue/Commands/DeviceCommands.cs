using System;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Commands
{
    /// <summary>
    /// <c>device.info {}</c>: answers with what the device is and publishes a health report, which says how it is.
    /// </summary>
    public sealed class InfoCommand : Command
    {
        private readonly string _deviceId;
        private readonly long _boot;
        private readonly IClock _clock;
        private readonly IDeviceControl _device;

        /// <summary>Initializes a new instance of the <see cref="InfoCommand"/> class.</summary>
        /// <param name="deviceId">The device id.</param>
        /// <param name="boot">The count of this boot.</param>
        /// <param name="clock">The time.</param>
        /// <param name="device">Publishes the report.</param>
        public InfoCommand(string deviceId, long boot, IClock clock, IDeviceControl device)
            : base("device.info", false)
        {
            _deviceId = deviceId;
            _boot = boot;
            _clock = clock;
            _device = device;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            JsonWriter writer = answer.Result;
            writer.BeginObject();
            writer.Name("id");
            writer.WriteText(_deviceId);
            writer.Name("version");
            writer.WriteText(FirmwareDefaults.Version);
            writer.Name("boot");
            writer.WriteNumber(_boot);
            writer.Name("uptime_ms");
            writer.WriteNumber(_clock.NowMs);
            if (_clock.TryGetUtc(out DateTime utc))
            {
                writer.Name("time");
                writer.WriteTime(utc);
            }

            _device.WriteNext(writer);
            writer.EndObject();
            _device.RequestHealth();
        }
    }

    /// <summary><c>device.ping {}</c>: answers.</summary>
    public sealed class PingCommand : Command
    {
        /// <summary>Initializes a new instance of the <see cref="PingCommand"/> class.</summary>
        public PingCommand()
            : base("device.ping", false)
        {
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
        }
    }

    /// <summary>
    /// <c>sensor.read {}</c>: measures now and answers with the reading, which is not one of the published and has no
    /// number.
    /// </summary>
    public sealed class SensorReadCommand : Command
    {
        private readonly Sampler _sampler;
        private readonly long _boot;

        /// <summary>Initializes a new instance of the <see cref="SensorReadCommand"/> class.</summary>
        /// <param name="sampler">Measures.</param>
        /// <param name="boot">The count of this boot, which dates a reading while the clock is not set.</param>
        public SensorReadCommand(Sampler sampler, long boot)
            : base("sensor.read", false)
        {
            _sampler = sampler;
            _boot = boot;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            if (_sampler.TryRead())
            {
                ReadingWriter.Write(answer.Result, _sampler.Reading, 0, _boot);
            }
            else
            {
                answer.Fail(
                    CommandCode.SensorFault, "no reading that can be trusted: " + Sampler.NameOf(_sampler.State));
            }
        }
    }

    /// <summary><c>device.stay_awake {"ms":600000}</c>: keeps a device that sleeps awake.</summary>
    public sealed class StayAwakeCommand : Command
    {
        private const int MaxMs = 3600000;

        private readonly IDeviceControl _device;
        private int _ms;

        /// <summary>Initializes a new instance of the <see cref="StayAwakeCommand"/> class.</summary>
        /// <param name="device">What stays awake.</param>
        public StayAwakeCommand(IDeviceControl device)
            : base("device.stay_awake", true)
        {
            _device = device;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            bool isGood = arguments.TryTakeInteger("ms", out long ms) && ms >= 1 && ms <= MaxMs;
            _ms = (int)ms;
            if (!isGood)
            {
                answer.Reject(CommandCode.BadArguments, "'ms' must be a whole number from 1 to " + MaxMs.ToString());
            }

            return isGood;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            _device.StayAwake(_ms);
        }
    }

    /// <summary><c>device.reboot {}</c>: answers, then ends the connection cleanly and restarts.</summary>
    public sealed class RebootCommand : Command
    {
        private readonly IDeviceControl _device;

        /// <summary>Initializes a new instance of the <see cref="RebootCommand"/> class.</summary>
        /// <param name="device">What restarts.</param>
        public RebootCommand(IDeviceControl device)
            : base("device.reboot", true, true)
        {
            _device = device;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            _device.RequestRestart();
        }
    }

    /// <summary>
    /// <c>device.wipe {"confirm":"&lt;id&gt;"}</c>: erases stored data and secrets, answers, then restarts as a device
    /// without settings.
    /// </summary>
    public sealed class WipeCommand : Command
    {
        private readonly string _deviceId;
        private readonly IDeviceControl _device;

        /// <summary>Initializes a new instance of the <see cref="WipeCommand"/> class.</summary>
        /// <param name="deviceId">The device id, which has to be said to confirm.</param>
        /// <param name="device">What is wiped.</param>
        public WipeCommand(string deviceId, IDeviceControl device)
            : base("device.wipe", true, true)
        {
            _deviceId = deviceId;
            _device = device;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            bool isConfirmed = arguments.TakeText("confirm") == _deviceId;
            if (!isConfirmed)
            {
                answer.Reject(CommandCode.BadArguments, "'confirm' must be the id of this device");
            }

            return isConfirmed;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            if (_device.TryErase())
            {
                _device.RequestRestart();
            }
            else
            {
                answer.Fail(
                    CommandCode.StorageFailed, "the storage failed; some of its data are left, and the device goes on");
            }
        }
    }
}
