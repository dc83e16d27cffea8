using System;
using System.Text;
using DeviceQueue.Components;
using DeviceQueue.Connecting;
using DeviceQueue.Platform;

namespace DeviceQueue.Commanding
{
    /// <summary>
    /// Makes the states of the outputs known, and brings them to their safe states when there has been no broker for <c>safe_after_ms</c>. Called by the
    /// main loop.
    /// </summary>
    public sealed class OutputStates
    {
        private readonly OutputBank _outputs;
        private readonly MqttConnection _connection;
        private readonly DevicePlatform _platform;
        private readonly int[] _handles;
        private readonly int _safeAfterMs;
        private readonly byte[] _on = Encoding.UTF8.GetBytes(DeviceTopics.On);
        private readonly byte[] _off = Encoding.UTF8.GetBytes(DeviceTopics.Off);
        private long _connectedMs;

        /// <summary>Initializes the states with their topics.</summary>
        /// <param name="outputs">The outputs.</param>
        /// <param name="connection">Publishes the states.</param>
        /// <param name="topics">The topics of the states.</param>
        /// <param name="platform">The clock and the console.</param>
        /// <param name="safeAfterMs">The time without a broker, in milliseconds, from now on; 0: never.</param>
        public OutputStates(OutputBank outputs, MqttConnection connection, DeviceTopics topics, DevicePlatform platform, int safeAfterMs)
        {
            _outputs = outputs;
            _connection = connection;
            _platform = platform;
            _safeAfterMs = safeAfterMs;
            _connectedMs = platform.Clock.NowMs;
            _handles = new int[outputs.Count];
            for (int i = 0; i < _handles.Length; i++)
            {
                _handles[i] = connection.LatestValues.Add(topics.OfOutput(outputs.GetName(i)), true);
                SetValue(i, outputs.IsOn(i));
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
            for (int i = 0; i < _handles.Length; i++)
            {
                try
                {
                    Tell(i);
                }
                catch (Exception e)
                {
                    _platform.Life.Record("output state", e);
                    due = nowMs + OutputBank.RetryMs;
                }
            }

            return due;
        }

        private void Tell(int index)
        {
            if (_outputs.IsUntold(index))
            {
                bool isOn = _outputs.IsOn(index);
                SetValue(index, isOn);
                _platform.Logger.Log(LogLevel.Info, null, "output " + _outputs.GetName(index) + " " + (isOn ? DeviceTopics.On : DeviceTopics.Off));
            }

            if (_outputs.TakeFailure(index))
            {
                string text = "output " + _outputs.GetName(index) + " could not be driven to its safe state; it is tried again";
                _platform.Logger.Log(LogLevel.Error, null, text);
            }
        }

        private void SetValue(int index, bool isOn)
        {
            _connection.LatestValues.Set(_handles[index], isOn ? _on : _off);
            _outputs.SetTold(index, isOn);
        }
    }
}
