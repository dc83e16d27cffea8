using System;
using System.Threading;
using DeviceQueue.Commands;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;

namespace DeviceQueue.HomeAssistant
{
    /// <summary>
    /// Takes <c>ON</c> and <c>OFF</c> on <c>sensor/&lt;id&gt;/output/&lt;name&gt;/set</c> while <c>device.discovery</c>
    /// is on. Only the newest wish for each output is kept, and an output is switched a bounded number of times a
    /// second, so that no flood wears a relay out. What is refused is counted. A device that takes only signed
    /// commands, or commands that waited in a session, has no such topic.
    /// </summary>
    public sealed class OutputSetTopic : IMessageSink
    {
        /// <summary>The shortest time between two switchings of one output by this way, in milliseconds.</summary>
        public const int SwitchIntervalMs = 200;

        private const byte WantsNothing = 0;
        private const byte WantsOff = 1;
        private const byte WantsOn = 2;

        private readonly object _lock = new object();
        private readonly OutputBank _outputs;
        private readonly Counts _rejections;
        private readonly AutoResetEvent _wake;
        private readonly string _filter;
        private readonly byte[] _wanted;
        private readonly long[] _nextMs;
        private bool _isOn;

        /// <summary>Initializes the topic, off until settings are applied.</summary>
        /// <param name="topics">The device's topics.</param>
        /// <param name="outputs">The outputs.</param>
        /// <param name="rejections">Counts what is refused.</param>
        /// <param name="wake">Wakes the main loop.</param>
        public OutputSetTopic(DeviceTopics topics, OutputBank outputs, Counts rejections, AutoResetEvent wake)
        {
            _outputs = outputs;
            _rejections = rejections;
            _wake = wake;
            _filter = topics.OfOutput("+") + DeviceTopics.SetSuffix;
            _wanted = new byte[outputs.Count];
            _nextMs = new long[outputs.Count];
        }

        /// <inheritdoc/>
        public string Filter => _isOn ? _filter : null;

        /// <inheritdoc/>
        public string Topic => Filter;

        /// <inheritdoc/>
        public int FilterQos => 1;

        /// <summary>Takes over whether this way is open. Call from the main loop.</summary>
        /// <param name="settings">The settings.</param>
        public void Apply(DeviceSettings settings)
        {
            _isOn = settings.IsDiscoveryOn && _wanted.Length > 0;
        }

        /// <summary>Switches what is to be switched now. Call from the main loop.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns>When to call again, or <see cref="long.MaxValue"/>.</returns>
        public long Poll(long nowMs)
        {
            long due = long.MaxValue;
            for (int i = 0; i < _wanted.Length; i++)
            {
                if (nowMs < _nextMs[i])
                {
                    due = _wanted[i] != WantsNothing && _nextMs[i] < due ? _nextMs[i] : due;
                    continue;
                }

                byte wanted = Take(i);
                if (wanted != WantsNothing && _isOn)
                {
                    _nextMs[i] = nowMs + SwitchIntervalMs;
                    Switch(i, wanted == WantsOn);
                }
            }

            return due;
        }

        /// <inheritdoc/>
        public void OnMessage(string topic, byte[] payload, bool isRetained)
        {
            int start = _filter.IndexOf('+');
            int index = _outputs.Find(topic.Substring(start, topic.Length - start - DeviceTopics.SetSuffix.Length));
            bool isOn = DeviceTopics.IsText(payload, DeviceTopics.On);
            if (isRetained)
            {
                _rejections.Add(CommandCode.Retained);
            }
            else if (index < 0)
            {
                _rejections.Add(CommandCode.UnknownOutput);
            }
            else if (!isOn && !DeviceTopics.IsText(payload, DeviceTopics.Off))
            {
                _rejections.Add(CommandCode.BadArguments);
            }
            else
            {
                lock (_lock)
                {
                    _wanted[index] = isOn ? WantsOn : WantsOff;
                }

                _wake.Set();
            }
        }

        /// <inheritdoc/>
        public long Deliver(long nowMs)
        {
            return long.MaxValue;
        }

        private void Switch(int index, bool isOn)
        {
            try
            {
                _outputs.Set(index, isOn);
            }
            catch (Exception)
            {
                // what drives the pins threw; the state stays as it was and is what the broker knows
                _rejections.Add(CommandCode.InternalError);
            }
        }

        private byte Take(int index)
        {
            lock (_lock)
            {
                byte wanted = _wanted[index];
                _wanted[index] = WantsNothing;
                return wanted;
            }
        }
    }
}
