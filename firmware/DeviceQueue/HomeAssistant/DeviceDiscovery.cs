using System;
using DeviceQueue.Commanding;
using DeviceQueue.Components;
using DeviceQueue.Configuring;
using DeviceQueue.Connecting;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;
using DeviceQueue.Sensing;

namespace DeviceQueue.HomeAssistant
{
    /// <summary>
    /// Announces the device to Home Assistant by one retained message while <c>device.discovery</c> is on: after each connect, when what it says changes, and when
    /// Home Assistant says that it has started. Once the setting is off the message is emptied, after a reboot too, for which a mark in storage stands.
    /// </summary>
    public sealed class DeviceDiscovery : IMessageSink
    {
        /// <summary>The shortest time between two answers to Home Assistant's start, in milliseconds.</summary>
        public const int RepeatIntervalMs = 10000;

        /// <summary>The bytes that an announcement may always take, topic and payload; the sensors and some eight outputs fit.</summary>
        public const int MinRoomBytes = 2048;

        /// <summary>The file that is there while the broker may keep an announcement.</summary>
        public const string MarkName = "discovery";

        private const string StatusTopic = "homeassistant/status";
        private const string Started = "online";

        private readonly DiscoveryWriter _writer;
        private readonly OutputBank _outputs;
        private readonly Sampler _sampler;
        private readonly MqttConnection _connection;
        private readonly IStore _store;
        private readonly ILogger _logger;
        private readonly string _topic;
        private readonly int _maxBytes;
        private readonly int _handle;
        private bool _isOn;
        private bool _isSaid; // what is so now: the announcement, or that there is none any more
        private bool _hasHumidity;
        private bool _isMarked;

        // Of the connection's thread.
        private bool _isAsked;
        private long _nextRepeatMs;

        /// <summary>Initializes a new instance of the <see cref="DeviceDiscovery"/> class, off until settings are applied.</summary>
        /// <param name="topics">The device's topics.</param>
        /// <param name="outputs">The outputs.</param>
        /// <param name="isSwitchable">Whether Home Assistant may switch the outputs rather than only see them.</param>
        /// <param name="sampler">Knows what the sensor measures.</param>
        /// <param name="maxBytes">How long topic and payload may be together, if that is more than <see cref="MinRoomBytes"/>.</param>
        /// <param name="connection">Where to announce.</param>
        /// <param name="platform">The board's storage and console.</param>
        public DeviceDiscovery(
            DeviceTopics topics, OutputBank outputs, bool isSwitchable, Sampler sampler, int maxBytes, MqttConnection connection, MqttPlatform platform)
        {
            _writer = new DiscoveryWriter(topics, outputs, isSwitchable);
            _outputs = outputs;
            _sampler = sampler;
            _connection = connection;
            _store = platform.Store;
            _logger = platform.Logger;
            _topic = topics.Discovery;
            _maxBytes = maxBytes > MinRoomBytes ? maxBytes : MinRoomBytes;
            _handle = connection.LatestValues.Add(_topic, true);
            _isMarked = _store.GetSize(MarkName) >= 0;
        }

        /// <inheritdoc/>
        public string Filter => _isOn ? StatusTopic : null;

        /// <inheritdoc/>
        public string Topic => Filter;

        /// <inheritdoc/>
        public int FilterQos => 1;

        /// <summary>Gets a value indicating whether nothing is left to be done after <see cref="Withdraw"/>: the broker has the empty message, or had no other.</summary>
        public bool IsWithdrawn => !_isOn && !_isMarked;

        /// <summary>Takes over whether there is an announcement, and what it says. Call from the main loop, as all that follows.</summary>
        /// <param name="settings">The settings.</param>
        public void Apply(DeviceSettings settings)
        {
            if (!settings.IsDiscoveryOn)
            {
                Withdraw();
                return;
            }

            _writer.Apply(settings);
            _isOn = true;
            _isSaid = false;
            _connection.Wake.Set(); // to subscribe
        }

        /// <summary>Empties the announcement, if the broker may have one, and ends it until settings that want it are applied.</summary>
        public void Withdraw()
        {
            if (_isMarked && (_isOn || !_isSaid))
            {
                _connection.LatestValues.Set(_handle, new byte[0]);
                _isSaid = true;
            }

            _isOn = false;
        }

        /// <summary>Announces, once the sensor has been asked what it measures and again when it measures more; and ends what was withdrawn when the broker knows.</summary>
        public void Poll()
        {
            if (_isOn && _sampler.HasRead && (!_isSaid || _hasHumidity != _sampler.HasHumidity))
            {
                _isSaid = true;
                _hasHumidity = _sampler.HasHumidity;
                Announce();
            }
            else if (!_isOn && _isMarked && _isSaid && _connection.LatestValues.IsSettled(_handle))
            {
                _isMarked = false;
                _store.TryDelete(MarkName); // a mark that stays empties the message once more after the next boot
            }
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
            _connection.LatestValues.Repeat(_handle);
            return long.MaxValue;
        }

        private void Announce()
        {
            byte[] payload = Write();
            if (!_isMarked)
            {
                _isMarked = true;
                _store.TryWrite(MarkName, payload, 1);
            }

            _connection.LatestValues.Set(_handle, payload);
        }

        /// <summary>Writes the announcement with as many outputs as fit.</summary>
        private byte[] Write()
        {
            int room = _maxBytes - MessageBuffer.SizeOf(_topic, 0);
            byte[] buffer = new byte[room];
            int length = -1;
            int count = _outputs.Count + 1;
            while (length < 0 && count > 0)
            {
                count--;
                length = _writer.Write(buffer, _hasHumidity, count);
            }

            if (count < _outputs.Count)
            {
                string text = "discovery has room for " + count.ToString() + " of " + _outputs.Count.ToString() + " outputs: options.max_message_size is ";
                _logger.Log(LogLevel.Warn, null, text + _maxBytes.ToString());
            }

            byte[] payload = new byte[length];
            Array.Copy(buffer, payload, length);
            return payload;
        }
    }
}
