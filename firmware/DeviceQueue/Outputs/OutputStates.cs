using System;
using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Outputs
{
    /// <summary>
    /// Makes the states of the outputs known, and brings them to their safe states when there has been no broker for
    /// <c>safe_after_ms</c>. Called by the main loop.
    /// </summary>
    public sealed class OutputStates : IValueWriter
    {
        private readonly OutputBank _outputs;
        private readonly MqttConnection _connection;
        private readonly MqttPlatform _platform;
        private readonly DeviceTopics _topics;
        private readonly int _first; // the handle of the first output's state
        private readonly int _safeAfterMs;
        private long _connectedMs;

        /// <summary>Initializes the states with their topics.</summary>
        /// <param name="outputs">The outputs.</param>
        /// <param name="connection">Publishes the states.</param>
        /// <param name="topics">The topics of the states.</param>
        /// <param name="platform">The clock, the console and what keeps faults.</param>
        /// <param name="safeAfterMs">The time without a broker, in milliseconds, from now on; 0: never.</param>
        public OutputStates(
            OutputBank outputs, MqttConnection connection, DeviceTopics topics, MqttPlatform platform, int safeAfterMs)
        {
            _outputs = outputs;
            _connection = connection;
            _platform = platform;
            _safeAfterMs = safeAfterMs;
            _connectedMs = platform.Clock.NowMs;
            _topics = topics;
            for (int i = 0; i < outputs.Count; i++)
            {
                int handle = connection.LatestValues.Add(null, true);
                _first = i == 0 ? handle : _first;
            }

            for (int i = 0; i < outputs.Count; i++)
            {
                SetValue(i);
            }
        }

        /// <summary>Does what is due.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns>When to call again; <see cref="long.MaxValue"/> when nothing is due.</returns>
        public long Poll(long nowMs)
        {
            long safeMs = PollSafety(nowMs);
            long toldMs = Tell(nowMs);
            return toldMs < safeMs ? toldMs : safeMs;
        }

        /// <inheritdoc/>
        bool IValueWriter.TryWrite(int handle, PublishRequest request)
        {
            // As it is when it is sent, whatever was heard of its changes.
            int index = handle - _first;
            request.Topic = _topics.OfOutput(_outputs.GetName(index));
            request.Payload = Encoding.UTF8.GetBytes(_outputs.IsOn(index) ? DeviceTopics.On : DeviceTopics.Off);
            return true;
        }

        // A link that died in silence counts as a broker until the connection notices, 1.5 keepalives at most.
        private long PollSafety(long nowMs)
        {
            if (_connection.IsConnected)
            {
                _connectedMs = nowMs;
            }

            if (_connection.IsConnected || _safeAfterMs == 0 || _outputs.IsSafe)
            {
                return long.MaxValue;
            }

            long safeMs = _connectedMs + _safeAfterMs;
            if (nowMs < safeMs)
            {
                return safeMs;
            }

            _outputs.MakeSafe(nowMs);
            return _outputs.IsSafe ? long.MaxValue : nowMs + OutputBank.RetryMs;
        }

        // What cannot be told, for want of memory, is told later; the output has switched in any case.
        private long Tell(long nowMs)
        {
            long due = long.MaxValue;
            for (int i = 0; i < _outputs.Count; i++)
            {
                try
                {
                    Tell(i);
                }
                catch (Exception e)
                {
                    _platform.Faults.Record("output state", e);
                    due = nowMs + OutputBank.RetryMs;
                }
            }

            return due;
        }

        private void Tell(int index)
        {
            if (_outputs.IsUntold(index))
            {
                string state = SetValue(index);
                _platform.Logger.Log(LogLevel.Info, null, "output " + _outputs.GetName(index) + " " + state);
            }

            if (_outputs.TakeFailure(index))
            {
                string text = "output " + _outputs.GetName(index)
                    + " could not be driven to its safe state; it is tried again";
                _platform.Logger.Log(LogLevel.Error, null, text);
            }
        }

        private string SetValue(int index)
        {
            bool isOn = _outputs.IsOn(index);
            _connection.LatestValues.Set(_first + index, this);
            _outputs.SetTold(index, isOn);
            return isOn ? DeviceTopics.On : DeviceTopics.Off;
        }
    }
}
