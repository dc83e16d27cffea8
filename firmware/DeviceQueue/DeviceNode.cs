using System;
using System.Text;
using System.Threading;
using DeviceQueue.Commanding;
using DeviceQueue.Components;
using DeviceQueue.Configuring;
using DeviceQueue.Connecting;
using DeviceQueue.Json;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;
using DeviceQueue.Sensing;

namespace DeviceQueue
{
    /// <summary>
    /// The field node: readings out, commands in. It has no thread of its own: whoever drives it calls <see cref="Poll"/>, and drives
    /// <see cref="Connection"/> from another thread, because a connect blocks.
    /// </summary>
    public sealed class DeviceNode
    {
        /// <summary>The firmware's version.</summary>
        public const string Version = "0.1.0";

        private const string On = "ON";
        private const string Off = "OFF";

        private readonly DevicePlatform _platform;
        private readonly ILogger _logger;
        private readonly BootRecord _bootRecord;
        private readonly OutputBank _outputs;
        private readonly int[] _outputHandles;
        private readonly int _healthHandle;
        private readonly Sampler _sampler;
        private readonly SamplingSchedule _healthSchedule;
        private readonly MqttMessageQueue _readings;
        private readonly MqttMessageQueue _commands;
        private readonly CommandDispatcher _dispatcher;
        private readonly HealthReport _health;
        private readonly JsonWriter _writer = new JsonWriter();
        private readonly MessageEnvelope _reading = new MessageEnvelope();
        private readonly byte[] _payload = new byte[HealthReport.MaxBytes];

        /// <summary>Initializes a new instance of the <see cref="DeviceNode"/> class: outputs go to their safe state, all memory is allocated, nothing is connected yet.</summary>
        /// <param name="settings">The settings, valid.</param>
        /// <param name="connection">Where to connect to, and the options of the queues.</param>
        /// <param name="bootRecord">The count of this boot and the numbers for readings.</param>
        /// <param name="outputs">The outputs, in their safe state.</param>
        /// <param name="platform">The board.</param>
        public DeviceNode(DeviceSettings settings, ConnectionSettings connection, BootRecord bootRecord, OutputBank outputs, DevicePlatform platform)
        {
            _platform = platform;
            _logger = platform.Logger;
            _bootRecord = bootRecord;
            _outputs = outputs;
            DeviceTopics topics = new DeviceTopics(settings.Id);
            long now = platform.Clock.NowMs;

            Connection = new MqttConnection(platform.Links, platform.Network, connection.Endpoints, connection.Readings, platform.Clock, platform.Random, _logger);
            Connection.SetStatus(topics.Status, DeviceTopics.Online, DeviceTopics.Offline);
            _healthHandle = Connection.LatestValues.Add(topics.Health, false);
            _outputHandles = AddOutputStates(topics);
            _readings = new MqttMessageQueue("readings", topics.Temperature, Connection, connection.Readings, platform.Clock, platform.Random);
            _commands = new MqttMessageQueue("commands", topics.Command, Connection, connection.Commands, platform.Clock, platform.Random);
            _commands.Notify = Wake;

            _sampler = new Sampler(platform.Sensor, new SamplingSchedule(now, settings.IntervalMs), platform.Clock, _logger);
            _healthSchedule = new SamplingSchedule(now + settings.HealthIntervalMs, settings.HealthIntervalMs);
            Command[] commands =
            {
                new OutputSwitchCommand(outputs, false),
                new OutputSwitchCommand(outputs, true),
                new OutputGetCommand(outputs),
                new PingCommand(),
            };
            CommandVerifier verifier = new CommandVerifier(
                settings.Id, platform.CommandMac, settings.CommandTtlMs, connection.Commands.MaxMessageSize, platform.Clock);
            CommandHistory history = new CommandHistory(platform.Store, platform.Clock, settings.CommandTtlMs + CommandVerifier.MaxAheadMs);
            _dispatcher = new CommandDispatcher(_commands, topics.Response, commands, verifier, history, _logger);
            _health = new HealthReport(platform, settings, bootRecord, Connection, _readings, _commands, _sampler, _dispatcher);
            if (!bootRecord.IsStored)
            {
                _logger.Log(LogLevel.Error, null, "the numbers of readings cannot be stored and may repeat after a reboot");
            }
        }

        /// <summary>Gets the event that whoever drives this node waits on between polls.</summary>
        public AutoResetEvent Wake { get; } = new AutoResetEvent(false);

        /// <summary>Gets the connection, for the thread that drives it.</summary>
        public MqttConnection Connection { get; }

        /// <summary>Opens the queues; the connection is opened by what drives it.</summary>
        public void Open()
        {
            _readings.Open(null);
            _commands.Open(null);
        }

        /// <summary>Does what is due: samples, publishes, carries out commands.</summary>
        /// <returns>The time of <see cref="IClock.NowMs"/> by which to call again; sooner when <see cref="Wake"/> is set.</returns>
        public long Poll()
        {
            long now = _platform.Clock.NowMs;
            if (_sampler.TrySample(now))
            {
                PublishReading();
            }

            bool isMore = _dispatcher.Poll(now);
            if (_healthSchedule.TryAdvance(now))
            {
                PublishHealth();
            }

            if (isMore)
            {
                return now;
            }

            return _sampler.DueMs < _healthSchedule.DueMs ? _sampler.DueMs : _healthSchedule.DueMs;
        }

        private int[] AddOutputStates(DeviceTopics topics)
        {
            int[] handles = new int[_outputs.Count];
            for (int i = 0; i < handles.Length; i++)
            {
                handles[i] = Connection.LatestValues.Add(topics.OfOutput(_outputs.GetName(i)), true);
            }

            for (int i = 0; i < handles.Length; i++)
            {
                Connection.LatestValues.Set(handles[i], Encoding.UTF8.GetBytes(_outputs.IsOn(i) ? On : Off));
            }

            _outputs.Changed += OnOutputChanged;
            return handles;
        }

        private void OnOutputChanged(int index)
        {
            bool isOn = _outputs.IsOn(index);
            _logger.Log(LogLevel.Info, null, "output " + _outputs.GetName(index) + " " + (isOn ? On : Off));
            Connection.LatestValues.Set(_outputHandles[index], Encoding.UTF8.GetBytes(isOn ? On : Off));
        }

        private void PublishReading()
        {
            _writer.Reset(_payload, 0);
            ReadingWriter.Write(_writer, _sampler.Reading, _bootRecord.NextSequence(), _bootRecord.Boot);
            try
            {
                _reading.SetMessage(_payload, _writer.Length);
                _readings.Send(null, _reading);
            }
            catch (QueueException e)
            {
                _logger.Log(LogLevel.Error, null, e.Message);
            }
        }

        private void PublishHealth()
        {
            int length = _health.Write(_payload);
            if (length > 0)
            {
                byte[] payload = new byte[length]; // the values keep it until the link has it
                Array.Copy(_payload, payload, length);
                Connection.LatestValues.Set(_healthHandle, payload);
            }
        }
    }
}
