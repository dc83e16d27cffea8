namespace DeviceQueue.Commanding
{
    /// <summary>Brings outputs back to their safe states: at the end of a pulse, and when there has been no broker for <c>safe_after_ms</c>.</summary>
    public sealed class OutputSafety
    {
        private readonly OutputBank _outputs;
        private readonly int _safeAfterMs;
        private long _connectedMs;

        /// <summary>Initializes a new instance of the <see cref="OutputSafety"/> class.</summary>
        /// <param name="outputs">The outputs.</param>
        /// <param name="safeAfterMs">The time without a broker, in milliseconds; 0: never.</param>
        /// <param name="nowMs">The time, from which it counts at start.</param>
        public OutputSafety(OutputBank outputs, int safeAfterMs, long nowMs)
        {
            _outputs = outputs;
            _safeAfterMs = safeAfterMs;
            _connectedMs = nowMs;
        }

        /// <summary>Does what is due.</summary>
        /// <param name="nowMs">The time.</param>
        /// <param name="isConnected">Whether there is a broker; a link that died in silence counts as one until the connection notices, 1.5 keepalives at most.</param>
        /// <returns>When to call again; <see cref="long.MaxValue"/> when nothing is due.</returns>
        public long Poll(long nowMs, bool isConnected)
        {
            long dueMs = _outputs.Poll(nowMs);
            if (isConnected)
            {
                _connectedMs = nowMs;
            }

            if (isConnected || _safeAfterMs == 0 || _outputs.IsSafe)
            {
                return dueMs;
            }

            long safeMs = _connectedMs + _safeAfterMs;
            if (nowMs >= safeMs)
            {
                _outputs.MakeSafe(nowMs);
                return _outputs.Poll(nowMs);
            }

            return safeMs < dueMs ? safeMs : dueMs;
        }
    }
}
