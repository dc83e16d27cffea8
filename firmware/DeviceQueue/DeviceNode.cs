using System;
using System.Threading;
using DeviceQueue.Commands;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.HomeAssistant;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Sleep;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue
{
    /// <summary>
    /// The field node: readings out, commands in. It has no thread of its own: its driver calls
    /// <see cref="Poll"/>, and drives <see cref="Connection"/> from another thread, because a connect blocks.
    /// </summary>
    public sealed class DeviceNode : IDeviceControl, ICommandCatalog, IHealthPart
    {
        private readonly DevicePlatform _platform;
        private readonly ILogger _logger;
        private readonly TrustedClock _clock;
        private readonly LoadedSettings _settings;
        private readonly BootRecord _bootRecord;
        private readonly OutputBank _outputs;
        private readonly OutputStates _outputStates;
        private readonly int _healthHandle;
        private readonly SamplingSchedule _schedule;
        private readonly Sampler _sampler;
        private readonly SamplingSchedule _healthSchedule;
        private readonly MqttMessageQueue _readings;
        private readonly MqttMessageQueue _commands;
        private readonly LateReadings _lateReadings;
        private readonly CommandDispatcher _dispatcher;
        private readonly HealthReport _health;
        private readonly OutputSetTopic _setTopic;
        private readonly ConnectGate _gate;
        private readonly Housekeeping _housekeeping;
        private readonly Sleeper _sleeper; // null: the device stays awake
        private readonly JsonWriter _writer = new JsonWriter();
        private readonly MessageEnvelope _envelope = new MessageEnvelope(); // for a reading or an answer
        private readonly byte[] _scratch = new byte[HealthReport.MaxBytes]; // for a reading, a report or an answer
        private DeviceState _state = DeviceState.NoConfiguration;
        private string _subscriptionFault;
        private bool _isHealthWanted;
        private bool _isBehind;
        private bool _isRestarting;
        private bool _isErased;
        private long _restartByMs;
        private long _lastSequence;
        private long _lastTakenMs;

        /// <summary>Allocates all memory; nothing is connected yet.</summary>
        /// <param name="loader">The settings to start with, valid, and their source; not kept.</param>
        /// <param name="bootRecord">The count of this boot and the numbers for readings.</param>
        /// <param name="outputs">The outputs, in their safe state.</param>
        /// <param name="platform">The board. Its clock is replaced by one that never goes below its floor.</param>
        /// <param name="slept">What was kept over the sleep that has just ended, or <see langword="null"/>.</param>
        public DeviceNode(
            SettingsLoader loader,
            BootRecord bootRecord,
            OutputBank outputs,
            DevicePlatform platform,
            SleepRecord slept = null)
        {
            DeviceSettings settings = loader.Device;
            QueueOptions options = loader.Connection.Readings;
            Journal journal = platform.Journal;
            long[] kept = slept?.Values;
            _clock = new TrustedClock(platform.Clock, platform.Store, FirmwareDefaults.BuildDate, journal.Buffer, kept);
            platform.Clock = _clock;
            _platform = platform;
            _settings = loader.Settings;
            _logger = platform.Logger;
            _bootRecord = bootRecord;
            _outputs = outputs;
            DeviceTopics topics = new DeviceTopics(settings.Id);
            long now = platform.Clock.NowMs;
            Connection = new MqttConnection(platform, loader.Connection.Endpoints, options, _logger);
            Connection.SetStatus(topics.Status, DeviceTopics.Online, DeviceTopics.Offline);
            Connection.SetCommandTopic(topics.Command);
            _healthHandle = Connection.LatestValues.Add(topics.Health, false);
            _outputStates = new OutputStates(outputs, Connection, topics, platform, settings.SafeAfterMs);
            outputs.Changed = Wake;
            _readings = new MqttMessageQueue("readings", topics.Temperature, Connection, options, platform);
            _commands = new MqttMessageQueue(
                "commands", topics.Command, Connection, loader.Connection.Commands, platform);
            _commands.Notify = Wake;
            Connection.Acknowledged = Wake;
            bool hasLateTopic = settings.LateTopic && !options.SerializeEnvelope;
            _lateReadings = hasLateTopic ? new LateReadings(topics.LateTemperature, bootRecord.Boot, _clock) : null;
            _readings.Outbox.TopicRule = _lateReadings;
            int pauseMs = slept != null && slept.IsSampled ? settings.IntervalMs : 0;
            _schedule = new SamplingSchedule(now + pauseMs, settings.IntervalMs);
            _sampler = new Sampler(platform.Sensor, _schedule, _clock, _logger);
            _healthSchedule = new SamplingSchedule(now + settings.HealthIntervalMs, settings.HealthIntervalMs);
            CommandVerifier verifier =
                new CommandVerifier(settings.Id, platform.CommandMac, settings.CommandTtlMs, _clock);
            int keepMs = settings.CommandTtlMs + SleepPlan.GetMarginMs(settings);
            CommandHistory history = new CommandHistory(platform.Store, _clock, keepMs, verifier.HasKey, kept);
            CommandAnswer answer = new CommandAnswer(_writer, _scratch, _envelope, topics.Response, journal.Dropped);
            _dispatcher = new CommandDispatcher(_commands, this, verifier, history, answer)
            {
                Outbox = _commands.Outbox,
                Logger = _logger,
                Rejections = journal.Rejected,
                KeptSession = verifier.HasKey || options.CleanSession ? null : Connection,
            };
            _sleeper = settings.Sleep == null
                ? null : new Sleeper(platform, Connection, _readings, _sampler, slept) { BootRecord = bootRecord };
            IHealthPart[] parts = { this, bootRecord, _clock, Connection, _sampler, journal };
            _health = new HealthReport(parts, _readings.Outbox, journal, Connection);
            bool isSwitchable = settings.CommandKey == null && options.CleanSession && !journal.IsSafeMode;
            Discovery = new DeviceDiscovery(topics, outputs, _sampler, Connection, platform)
            {
                IsSwitchable = isSwitchable,
                MaxBytes = options.MaxMessageSize,
            };
            Connection.Attach(Discovery);
            if (isSwitchable)
            {
                _setTopic = new OutputSetTopic(topics, outputs, _dispatcher.Rejections, Wake);
                Connection.Attach(_setTopic);
            }

            _housekeeping = new Housekeeping(platform, settings, Connection, outputs, _readings);
            _gate = new ConnectGate(platform, _clock.Floor, outputs, _sampler, settings.IntervalMs);
            Connection.Gate = _gate;
            Resume(settings, slept);
            Use(settings);
            string openTopic = settings.CommandKey == null ? topics.Command : null;
            NodeStatus.SayWhatIsWrong(platform, bootRecord, outputs, openTopic, history);
        }

        /// <summary>Gets the event that the driver of this node waits on between polls.</summary>
        public AutoResetEvent Wake { get; } = new AutoResetEvent(false);

        /// <summary>Gets the connection, for the thread that drives it.</summary>
        public MqttConnection Connection { get; }

        /// <summary>Gets what announces the device to Home Assistant.</summary>
        public DeviceDiscovery Discovery { get; }

        /// <summary>Gets a value indicating whether the connection is to be opened: not at each wake-up.</summary>
        public bool IsConnecting => _sleeper == null || _sleeper.IsConnecting;

        /// <summary>Gets how the device is, in short.</summary>
        public DeviceState State => NodeStatus.Find(_platform.Journal, Connection, _sampler);

        /// <summary>Opens the queues; the connection is opened by what drives it.</summary>
        public void Open()
        {
            _readings.Open(null);
            _commands.Open(null);
        }

        /// <summary>
        /// Puts everything in order before a restart that was asked for: what waits to be sent and the
        /// counts are stored, and the boot counts as no failure.
        /// </summary>
        public void PrepareRestart()
        {
            if (!_isErased)
            {
                _housekeeping.PrepareRestart();
            }
        }

        /// <summary>Does what is due: samples, publishes, carries out commands.</summary>
        /// <returns>The time of <see cref="IClock.NowMs"/> by which to call again; sooner when <see cref="Wake"/> is
        /// set.</returns>
        public long Poll()
        {
            long now = _clock.NowMs;
            _outputStates.Poll(now);
            if (_sampler.TrySample(now))
            {
                PublishReading();
            }

            long due = Earlier(_isRestarting ? PollRestart(now) : PollCommands(now), _clock.Poll(now));
            due = Earlier(due, _setTopic == null ? due : _setTopic.Poll(now));
            _housekeeping.CountLost();
            if (Discovery.Poll())
            {
                RepeatReading();
            }

            bool isWanted = _isHealthWanted && (_sleeper == null || Connection.IsConnected); // with what the link found
            if (_healthSchedule.TryAdvance(now) || isWanted)
            {
                _isHealthWanted = false;
                PublishHealth();
            }

            // Once more, because a reading and a command take their time, and a command may have switched an output.
            due = Earlier(due, _outputStates.Poll(_clock.NowMs));
            due = Earlier(due, _housekeeping.Poll(now));
            due = Earlier(due, _readings.PollOutbox(now)); // the connection's thread may be busy with a connect
            SayState();
            due = _sleeper == null ? due : Earlier(due, PollSleep(now));
            return Earlier(due, Earlier(_sampler.DueMs, _healthSchedule.DueMs));
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            NodeStatus.WriteHealth(writer, _platform, _settings.SourceWord);
            _sleeper?.WriteHealth(writer);
        }

        /// <inheritdoc/>
        public void Apply(DeviceSettings settings)
        {
            long now = _clock.NowMs;
            _housekeeping.OnSettingsChanged(now);
            if (_platform.Journal.IsSafeMode)
            {
                return; // they are stored, and tried with all others after the restart that follows
            }

            _schedule.Change(now, settings.IntervalMs);
            _healthSchedule.Change(now, settings.HealthIntervalMs);
            Use(settings);
        }

        /// <inheritdoc/>
        public bool TryErase()
        {
            _readings.Outbox.IsSealed = true;
            _isErased = new FactoryReset(_platform.Store).TryErase();
            _readings.Outbox.IsSealed = _isErased;
            if (_isErased)
            {
                Discovery.Withdraw();
            }

            return _isErased;
        }

        /// <inheritdoc/>
        public void RequestRestart()
        {
            _isRestarting = true;
            _restartByMs = _clock.NowMs + CommandDispatcher.DeliveryTimeoutMs;
        }

        /// <inheritdoc/>
        public void StayAwake(int ms)
        {
            _sleeper.StayAwake(ms);
        }

        /// <inheritdoc/>
        public void WriteNext(JsonWriter writer)
        {
            _sleeper?.WriteNext(writer);
        }

        /// <inheritdoc/>
        public void RequestHealth()
        {
            _isHealthWanted = true;
        }

        /// <inheritdoc/>
        Command ICommandCatalog.Make(string name)
        {
            bool isKnown = !_platform.Journal.IsSafeMode || SafeMode.Takes(name);
            return isKnown
                ? CommandCatalog.Make(name, this, _outputs, _sampler, _settings, _clock, _bootRecord.Boot) : null;
        }

        private static long Earlier(long one, long other)
        {
            return one < other ? one : other;
        }

        private void Resume(DeviceSettings settings, SleepRecord slept)
        {
            BatterySettings battery = settings.Battery;
            _sampler.Battery =
                battery == null ? null : new Battery(_platform.BatteryInput, battery.Factor, battery.LowMv);
            _isHealthWanted = _sleeper != null && _sleeper.IsConnecting;
            if (slept != null)
            {
                _sampler.Resume(slept.Values);
                Discovery.Resume(settings, slept[SleepRecord.Failures] == 0);
            }
        }

        private long PollCommands(long nowMs)
        {
            bool isHeldBack = _sleeper != null && !_sleeper.CanTakeCommands(nowMs);
            return isHeldBack && _commands.ReadMessageCount() > 0 ? long.MaxValue : _dispatcher.Poll(nowMs);
        }

        private long PollSleep(long nowMs)
        {
            bool isHeld = _isRestarting || _isErased || !_outputs.IsSafe;
            bool isBusy = _isHealthWanted || _commands.ReadMessageCount() > 0 || _commands.Outbox.Count > 0;
            return _sleeper.Poll(nowMs, isHeld, isBusy, _commands.ReadMessageCount());
        }

        private void Use(DeviceSettings settings)
        {
            _sleeper?.Apply(settings);
            _sampler.Apply(
                settings.TemperatureOffset, settings.MaxStep, settings.ReportDelta, settings.ReportAtLeastMs);
            _gate.IntervalMs = settings.IntervalMs;
            if (_lateReadings != null)
            {
                _lateReadings.IntervalMs = settings.IntervalMs;
            }

            if (!_platform.Journal.IsSafeMode)
            {
                _setTopic?.Apply(settings);
                Discovery.Apply(settings); // safe mode's settings say nothing of it, and what the broker has stays
            }
        }

        // Restarts as soon as the answer that announced it is settled, and after a wipe what Home Assistant was told is
        // taken back; no further command is taken.
        private long PollRestart(long nowMs)
        {
            bool isStillAnnounced = _isErased && !Discovery.IsWithdrawn;
            if (nowMs < _restartByMs && (isStillAnnounced || !_dispatcher.TrySettle(nowMs)))
            {
                return _restartByMs;
            }

            _isRestarting = false;
            if (_isErased)
            {
                TryErase(); // once more: something may have been stored since
            }

            _logger.Log(LogLevel.Info, null, "restarting on command");
            _platform.Restarter.Restart();
            return nowMs;
        }

        private void SayState()
        {
            NodeStatus.SayState(_logger, Connection, State, ref _state, ref _subscriptionFault);
            _isBehind = NodeStatus.SayBehind(_logger, _clock, _isBehind);
        }

        private void PublishHealth()
        {
            int length = _health.Write(_writer, _scratch);
            if (length > 0)
            {
                byte[] payload = new byte[length]; // the values keep it until the link has it
                Array.Copy(_scratch, payload, length);
                Connection.LatestValues.Set(_healthHandle, payload);
            }
        }

        private void PublishReading()
        {
            _platform.Journal.SetReading();
            _lastSequence = _bootRecord.NextSequence();
            _lastTakenMs = _sampler.Reading.TakenMs;
            SendReading();
        }

        /// <summary>Says the last reading again, with its number, if it is younger than an interval.</summary>
        private void RepeatReading()
        {
            bool isLast = _lastSequence > 0 && _sampler.Reading.TakenMs == _lastTakenMs;
            bool isYoung = _clock.NowMs - _lastTakenMs < _gate.IntervalMs;
            if (isLast && isYoung && _sampler.State == SensorState.Ok)
            {
                SendReading();
            }
        }

        private void SendReading()
        {
            _writer.Reset(_scratch, 0);
            ReadingWriter.Write(_writer, _sampler.Reading, _lastSequence, _bootRecord.Boot);
            try
            {
                _envelope.SetMessage(_scratch, _writer.Length);
                _readings.Send(null, _envelope);
            }
            catch (QueueException e)
            {
                _platform.Journal.Dropped.Add(DropReason.Refused);
                _logger.Log(LogLevel.Error, null, e.Message);
            }
        }
    }
}
