
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// How long to wait before the next attempt to connect: a random time up to a limit that doubles with each failure
    /// (full jitter), so that a fleet that lost its broker does not come back all at once. Forgets its failures only
    /// after a link has held for <see cref="StableMs"/>.
    /// </summary>
    public sealed class ReconnectBackoff
    {
        /// <summary>
        /// How long a link must hold, in milliseconds, before the next failure starts from the shortest delay again.
        /// </summary>
        public const long StableMs = 30000;

        /// <summary>
        /// After how many links that the other side ended before they were stable something is wrong that a reconnect
        /// does not heal.
        /// </summary>
        public const int MaxEvictions = 3;

        /// <summary>
        /// How long a link must hold after that, in milliseconds, before failures are forgotten: two clients with one
        /// id, each late by its own backoff, have links that look stable.
        /// </summary>
        public const long CalmMs = 300000;

        private readonly IRandom _random;
        private readonly int _minMs;
        private readonly int _maxMs;
        private int _limitMs;
        private int _evictions;

        /// <summary>Initializes a new instance of the <see cref="ReconnectBackoff"/> class.</summary>
        /// <param name="minMs">The limit after the first failure in milliseconds, at least 1.</param>
        /// <param name="maxMs">The limit that doubling stops at in milliseconds.</param>
        /// <param name="random">The source of the jitter.</param>
        public ReconnectBackoff(int minMs, int maxMs, IRandom random)
        {
            _minMs = minMs;
            _maxMs = maxMs < minMs ? minMs : maxMs;
            _random = random;
            _limitMs = _minMs;
        }

        /// <summary>
        /// Gets a value indicating whether the other side ends links soon after they came up, again and again.
        /// </summary>
        public bool IsEvicted => _evictions >= MaxEvictions;

        /// <summary>Draws the delay before the next attempt.</summary>
        /// <returns>Milliseconds, from 0 to the limit.</returns>
        public int NextDelayMs()
        {
            int delay = _random.Next(_limitMs + 1);
            _limitMs = _limitMs > _maxMs / 2 ? _maxMs : _limitMs * 2;
            return delay;
        }

        /// <summary>Starts from the shortest delay again.</summary>
        public void StartLow()
        {
            _limitMs = _minMs;
        }

        /// <summary>Takes note of how long a link held.</summary>
        /// <param name="connectedMs">Milliseconds from CONNACK to the end.</param>
        /// <param name="isByOtherSide">Whether it was not we who ended it.</param>
        public void OnLinkEnded(long connectedMs, bool isByOtherSide)
        {
            if (connectedMs >= (IsEvicted ? CalmMs : StableMs))
            {
                _limitMs = _minMs;
            }

            if (connectedMs >= CalmMs)
            {
                _evictions = 0;
            }
            else if (isByOtherSide && connectedMs < StableMs && _evictions < MaxEvictions)
            {
                _evictions++;
            }
        }
    }
}
