using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.HomeAssistant
{
    /// <summary>
    /// Announces the device to Home Assistant by retained messages while <c>device.discovery</c> is on: after each
    /// connect, when what they say changes, and when Home Assistant says that it has started. What was announced and is
    /// so no longer is taken back first, after a reboot too, for which a mark in storage stands. The messages are
    /// written when they are sent.
    /// </summary>
    public sealed class DeviceDiscovery : IMessageSink, IValueWriter
    {
        /// <summary>The shortest time between two answers to Home Assistant's start, in milliseconds.</summary>
        public const int RepeatIntervalMs = 10000;

        /// <summary>The file that remembers what the broker may keep of the announcements.</summary>
        public const string MarkName = "discovery";

        /// <summary>
        /// The bytes that an announcement may always take, topic and payload; the sensors and some eight outputs fit.
        /// </summary>
        public const int MinRoomBytes = 2048;

        private const string StatusTopic = "homeassistant/status";
        private const string Started = "online";

        private readonly DeviceTopics _topics;
        private readonly OutputBank _outputs;
        private readonly Sampler _sampler;
        private readonly MqttConnection _connection;
        private readonly IStore _store;
        private readonly ILogger _logger;
        private readonly int _handle;
        private readonly int _diagnosticHandle;

        private int _maxBytes = MinRoomBytes;

        // Written by the main loop; the connection's thread reads them when it sends.
        private DiscoveryStep _step;
        private string _formerId; // whose announcements are being withdrawn
        private byte[] _former; // the mark whose parts are being taken back
        private int _expireAfterS;
        private int _outputCount;
        private int _length;
        private int _diagnostic = -1;
        private bool _isOn;
        private bool _isSleeping;
        private bool _isChanged;
        private int _quantities = 1 << Quantity.Temperature; // bits, as in a reading
        private bool _isMarked;
        private bool _isReadingWanted;
        private bool _isResumed;

        // Of the connection's thread.
        private bool _isAsked;
        private bool _isSaidAgain;
        private long _nextRepeatMs;

        /// <summary>Makes an announcement that is off until settings are applied.</summary>
        public DeviceDiscovery(
            DeviceTopics topics, OutputBank outputs, Sampler sampler, MqttConnection connection, MqttPlatform platform)
        {
            _topics = topics;
            _outputs = outputs;
            _sampler = sampler;
            _connection = connection;
            _store = platform.Store;
            _logger = platform.Logger;
            _handle = connection.LatestValues.Add(null, true);
            _diagnosticHandle = connection.LatestValues.Add(null, true);
            _isMarked = _store.GetSize(MarkName) >= 0;
        }

        /// <summary>Gets or sets whether Home Assistant may switch the outputs rather than only see them.</summary>
        public bool IsSwitchable { get; set; }

        /// <summary>Gets or sets how long topic and payload may be, <see cref="MinRoomBytes"/> at least.</summary>
        public int MaxBytes
        {
            get => _maxBytes;
            set => _maxBytes = value > MinRoomBytes ? value : MinRoomBytes;
        }

        /// <inheritdoc/>
        public string Filter => _isOn ? StatusTopic : null;

        /// <inheritdoc/>
        public string Topic => Filter;

        /// <inheritdoc/>
        public int FilterQos => 1;

        /// <summary>Gets whether nothing is left to be done after <see cref="Withdraw"/>.</summary>
        public bool IsWithdrawn => !_isOn && !_isMarked;

        /// <summary>
        /// Takes over whether there is an announcement, and what it says. Call from the main loop, as all that follows.
        /// </summary>
        public void Apply(DeviceSettings settings)
        {
            if (!settings.IsDiscoveryOn)
            {
                Withdraw();
                return;
            }

            int expireAfterS = DiscoveryWriter.GetExpireAfterS(settings);
            _isChanged |= !_isOn || expireAfterS != _expireAfterS;
            _isSleeping = settings.Sleep != null;
            _expireAfterS = expireAfterS;
            _isOn = true;
            _connection.Wake.Set(); // to subscribe
        }

        /// <summary>Goes on after a sleep: what was announced is so still.</summary>
        /// <param name="isSure">Whether the broker has it: the last connect did all.</param>
        public void Resume(DeviceSettings settings, bool isSure)
        {
            _isOn = settings.IsDiscoveryOn && isSure;
            _expireAfterS = DiscoveryWriter.GetExpireAfterS(settings);
            _quantities |= _sampler.Reading.Quantities & Quantity.OfSensors;
            _isResumed = _isOn;
        }

        /// <summary>
        /// Empties the announcements, if the broker may have some, and ends them until settings that want them are
        /// applied.
        /// </summary>
        public void Withdraw()
        {
            _isOn = false;
            _isChanged = _isMarked;
        }

        /// <summary>
        /// Announces, once the sensor has been asked what it measures and again when that changes, and goes on with
        /// what is under way when the broker has the last of it.
        /// </summary>
        /// <returns>Whether the last reading is to be said again, because Home Assistant has started.</returns>
        public bool Poll()
        {
            // A sensor that fails says nothing of what it measures.
            int quantities = _sampler.State == SensorState.Ok
                ? _sampler.Reading.Quantities & Quantity.OfSensors : _quantities;
            if (_isOn && _sampler.HasRead && quantities != _quantities)
            {
                _quantities = quantities;
                _isChanged = true;
            }

            LatestValues values = _connection.LatestValues;
            bool isSettled = values.IsSettled(_handle);
            if (isSettled && values.IsSettled(_diagnosticHandle))
            {
                GoOn();
            }

            bool isReadingDue = _isReadingWanted && isSettled;
            _isReadingWanted &= !isReadingDue;
            return isReadingDue;
        }

        /// <inheritdoc/>
        public void OnMessage(string topic, byte[] payload, bool isRetained)
        {
            // What is retained is older than this connection, after whose start all is said anyway.
            _isAsked |= !isRetained && DeviceTopics.IsText(payload, Started);
        }

        /// <inheritdoc/>
        public long Deliver(long nowMs)
        {
            if (!_isAsked)
            {
                return long.MaxValue;
            }

            if (nowMs < _nextRepeatMs)
            {
                return _nextRepeatMs;
            }

            _isAsked = false;
            _nextRepeatMs = nowMs + RepeatIntervalMs;
            _connection.LatestValues.RepeatAll(); // status and outputs, too
            _isChanged |= _isResumed; // nothing was said since the sleep that could be repeated
            _isResumed = false;
            _isReadingWanted = true;
            return long.MaxValue;
        }

        /// <inheritdoc/>
        public bool TryWrite(int handle, PublishRequest request)
        {
            string formerId = _formerId;
            DeviceTopics topics = formerId == null ? _topics : new DeviceTopics(formerId);
            bool isEmpty = _step == DiscoveryStep.Withdrawing;
            if (handle == _handle)
            {
                request.Topic = topics.Discovery;
                request.Payload = isEmpty ? new byte[0] : Write(_former);
                _isSaidAgain |= _step == DiscoveryStep.Settled;
                return request.Payload != null;
            }

            int index = _diagnostic;
            if (index < 0 || index >= DiscoveryWriter.DiagnosticCount || !(isEmpty || _isOn))
            {
                return false;
            }

            // What the device does not have it may have had.
            isEmpty |= index == DiscoveryWriter.Sleep && !_isSleeping;
            isEmpty |= index == DiscoveryWriter.Battery && _sampler.Battery == null;
            request.Topic = topics.OfDiagnostic(DiscoveryWriter.NameDiagnostic(index));
            request.Payload = isEmpty ? new byte[0] : MakeWriter().WriteDiagnostic(index, _expireAfterS);
            return true;
        }

        private void GoOn()
        {
            if (_isSaidAgain)
            {
                _isSaidAgain = false;
                _diagnostic = -1;
                // the diagnostic entities follow
                _step = _step == DiscoveryStep.Settled ? DiscoveryStep.Announcing : _step;
            }

            if (_isChanged && (!_isOn || _sampler.HasRead))
            {
                Start();
                _isChanged = false; // not before: if there is no memory for it, it is still to be done
            }
            else if (_step == DiscoveryStep.Removing)
            {
                _former = null;
                Announce();
            }
            else if (_step != DiscoveryStep.Settled)
            {
                SayDiagnostic();
            }
        }

        private void Start()
        {
            byte[] mark = AnnouncementMark.Read(_store);
            string id = _topics.Id;
            int position = 0;
            if (mark != null && AnnouncementMark.TryNext(mark, ref position, out char kind, out string name))
            {
                // storage may hold anything
                id = kind == AnnouncementMark.Device && PlainText.IsName(name) ? name : id;
            }

            if (_isMarked && (!_isOn || id != _topics.Id))
            {
                _formerId = id;
                Begin(DiscoveryStep.Withdrawing);
            }
            else if (_isOn)
            {
                bool isUnknown = mark != null && _sampler.State != SensorState.Ok;
                _quantities |= isUnknown ? AnnouncementMark.GetQuantities(mark) : 0;
                if (TryFit(null))
                {
                    Replace(mark);
                }
            }
        }

        /// <summary>Takes back what is gone of an earlier announcement, then announces.</summary>
        private void Replace(byte[] mark)
        {
            if (mark == null || !MakeWriter().HasGone(mark, _outputCount))
            {
                Announce();
                return;
            }

            // Until the broker has it the mark remembers both, and should there be no room to say it, all is emptied.
            if (!TryFit(mark))
            {
                Begin(DiscoveryStep.Withdrawing);
                return;
            }

            WriteMark(Encoding.UTF8.GetString(mark, 0, mark.Length));
            _former = mark;
            Begin(DiscoveryStep.Removing);
        }

        private void Announce()
        {
            if (TryFit(null))
            {
                WriteMark(string.Empty);
                Begin(DiscoveryStep.Announcing);
            }
            else
            {
                _step = DiscoveryStep.Settled;
            }
        }

        private void Begin(DiscoveryStep step)
        {
            _step = step;
            _diagnostic = -1;
            _connection.LatestValues.Set(_handle, this);
        }

        /// <summary>Says the next diagnostic entity, or takes it back; ends the step when there are no more.</summary>
        private void SayDiagnostic()
        {
            _diagnostic++;
            if (_diagnostic < DiscoveryWriter.DiagnosticCount)
            {
                _connection.LatestValues.Set(_diagnosticHandle, this);
                return;
            }

            bool wasWithdrawing = _step == DiscoveryStep.Withdrawing;
            _step = DiscoveryStep.Settled;
            if (wasWithdrawing)
            {
                _formerId = null;
                _isMarked = false;
                _store.TryDelete(MarkName); // a mark that stays empties the messages once more after the next boot
                _isChanged = _isOn;
                _connection.LatestValues.Forget(_handle);
                _connection.LatestValues.Forget(_diagnosticHandle);
            }
        }

        private DiscoveryWriter MakeWriter()
        {
            return new DiscoveryWriter(_topics, _outputs, IsSwitchable, _quantities) { IsSleeping = _isSleeping };
        }

        private byte[] Write(byte[] former)
        {
            byte[] payload = new byte[_length];
            return _isOn && MakeWriter().Write(payload, _outputCount, _expireAfterS, former) == payload.Length
                ? payload
                : null;
        }

        /// <summary>Finds out how many outputs fit, and how long the announcement is.</summary>
        private bool TryFit(byte[] former)
        {
            byte[] buffer = new byte[_maxBytes - MessageBuffer.SizeOf(_topics.Discovery, 0)];
            DiscoveryWriter writer = MakeWriter();
            int length = -1;
            int count = former == null ? _outputs.Count + 1 : _outputCount + 1;
            while (length < 0 && count > 0)
            {
                count--;
                length = writer.Write(buffer, count, _expireAfterS, former);
            }

            if (former == null && count < _outputs.Count && count != _outputCount)
            {
                string text = "discovery has room for " + count.ToString() + " of " + _outputs.Count.ToString()
                    + " outputs: ";
                _logger.Log(
                    LogLevel.Warn,
                    null,
                    text + "an announcement has " + _maxBytes.ToString()
                    + " bytes, more with a larger options.max_message_size");
            }

            _length = length;
            _outputCount = count;
            return length >= 0;
        }

        /// <summary>Writes the mark of what is announced behind an earlier one, unless it is there already.</summary>
        private void WriteMark(string former)
        {
            StringBuilder text = new StringBuilder(former);
            MakeWriter().WriteMark(text, _outputCount);
            _isMarked = true;
            if (!AnnouncementMark.TryWrite(_store, text.ToString()))
            {
                _logger.Log(
                    LogLevel.Error, null, "storage fails: what Home Assistant was told is not known after a reboot");
            }
        }
    }
}
