
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Keeps a device on the network for which the broker holds a message that is too large for it. The client library
    /// ends the link when it cannot allocate a packet, and the broker sends the message again on each link: retained at
    /// each SUBSCRIBE, or from a kept session at each CONNECT. So after two links in a row that ended by themselves
    /// soon after that, the session is discarded, the retained message is cleared, and the subscription comes last; if
    /// that does not help, the device does without commands for a while. Called from the connection's thread.
    /// </summary>
    internal sealed class RetainedMessageGuard
    {
        /// <summary>
        /// How soon after a CONNECT to a kept session or a SUBSCRIBE an end counts as caused by it, in milliseconds.
        /// </summary>
        public const int QuickEndMs = 30000;

        /// <summary>
        /// How long the first pause without commands is, in milliseconds; each that follows is twice as long.
        /// </summary>
        public const int MinBlockMs = 60000;

        /// <summary>The longest pause without commands, in milliseconds.</summary>
        public const int MaxBlockMs = 3600000;

        private const int MaxQuickEnds = 2;
        private const int DrainMs = 10000;
        private const int ClearMs = 3000;

        private readonly LatestValues _latest;
        private readonly int _handle;
        private int _quickEnds;
        private int _blockMs;
        private long _waitMs; // not subscribed before; once cleared, the latest time to wait for the broker's answer
        private long _askedMs = -1;
        private bool _isCleared;
        private bool _isSessionToDiscard;

        /// <param name="topic">Where the broker may keep the message.</param>
        public RetainedMessageGuard(string topic, LatestValues latest)
        {
            Topic = topic;
            _latest = latest;
            _handle = latest.Add(topic, true);
        }

        public string Topic { get; }

        /// <summary>Gets a value indicating whether links are opened with a clean session and subscribe last.</summary>
        public bool IsSuspicious => _quickEnds >= MaxQuickEnds;

        /// <summary>Gets a value indicating whether the subscriptions of this link are still to come, soon.</summary>
        public bool IsHoldingBack => IsSuspicious && _blockMs == 0 && _askedMs < 0;

        /// <summary>Gets how long commands are blocked, in milliseconds, or 0.</summary>
        public int BlockMs => _blockMs;

        /// <summary>Gets how often a kept session was discarded, and with it the messages that waited in it.</summary>
        public int DiscardedSessions { get; private set; }

        public void OnLinkUp(long nowMs, bool isSessionKept)
        {
            _askedMs = isSessionKept ? nowMs : -1;
            _isCleared = false;

            // Counted from here: a link that ends before it has asked for anything clears the message.
            _waitMs = nowMs + _blockMs;
            DiscardedSessions += _isSessionToDiscard ? 1 : 0;
            _isSessionToDiscard = false;
        }

        public void OnSubscribe(long nowMs)
        {
            _askedMs = nowMs;
        }

        /// <summary>Tells whether to subscribe now.</summary>
        /// <param name="isIdle">Whether all that waited to be sent is acknowledged.</param>
        public bool MaySubscribe(long nowMs, bool isIdle)
        {
            if (!IsSuspicious || _askedMs >= 0)
            {
                return true;
            }

            if (_isCleared)
            {
                return _latest.IsSettled(_handle) || nowMs >= _waitMs;
            }

            if (nowMs >= _waitMs + DrainMs || (nowMs >= _waitMs && isIdle))
            {
                _isCleared = true;
                _waitMs = nowMs + ClearMs;
                _latest.Set(_handle, new byte[0]);
            }

            return false;
        }

        /// <summary>Gets when time alone makes <see cref="MaySubscribe"/> worth a call.</summary>
        public long GetDueMs(long nowMs)
        {
            return IsSuspicious && _askedMs < 0 && _waitMs > nowMs ? _waitMs : long.MaxValue;
        }

        /// <summary>Looks whether the link has held long enough to trust it.</summary>
        /// <returns>Whether commands were blocked until now.</returns>
        public bool TryTrust(long nowMs)
        {
            if (_askedMs < 0 || nowMs - _askedMs < QuickEndMs)
            {
                return false;
            }

            bool wasBlocked = _blockMs > 0;
            Forget();
            return wasBlocked;
        }

        /// <summary>Notes an end; to clear what may not be cleared ends links too, at some brokers.</summary>
        /// <param name="isByOtherSide">Whether it was not we who ended the link.</param>
        /// <param name="isSessionKept">Whether the settings ask for a kept session.</param>
        /// <returns>Whether this end, after others like it, has to do with a message that the broker keeps.</returns>
        public bool OnLinkDown(long nowMs, bool isByOtherSide, bool isSessionKept)
        {
            bool wasSuspicious = IsSuspicious;
            int blockMs = _blockMs;
            CountEnd(nowMs, isByOtherSide);
            bool isNew = IsSuspicious && !wasSuspicious;
            _isSessionToDiscard = isSessionKept && (_isSessionToDiscard || isNew);
            return isNew || (IsSuspicious && _blockMs != blockMs);
        }

        /// <summary>Says what is suspected, and what to do.</summary>
        public string Describe(string clientId, bool isSessionKept)
        {
            if (_blockMs == 0)
            {
                return "two links ended soon after they subscribed: the broker may keep a message that is too large "
                    + "for this device; it is cleared from " + Topic
                    + (isSessionKept ? ", and the session is discarded" : string.Empty);
            }

            return "commands are blocked for " + (_blockMs / 1000).ToString() + " s by a message that is too large for "
                + "this device: allow " + clientId + " to publish to " + Topic
                + ", or clear it: mosquitto_pub -r -n -t " + Topic;
        }

        private void CountEnd(long nowMs, bool isByOtherSide)
        {
            TryTrust(nowMs);
            _latest.Forget(_handle); // what may have ended this link is not said on the next one unasked
            if (!isByOtherSide)
            {
                _quickEnds = IsSuspicious ? _quickEnds : 0;
            }
            else if (_askedMs < 0 && !_isCleared)
            {
                Forget(); // nothing was asked for on this link: what ends links is something else
            }
            else if (_askedMs >= 0 && nowMs - _askedMs >= QuickEndMs)
            {
                return;
            }
            else if (!IsSuspicious)
            {
                _quickEnds++;
            }
            else
            {
                _blockMs = _blockMs == 0 ? MinBlockMs : _blockMs < MaxBlockMs / 2 ? _blockMs * 2 : MaxBlockMs;
            }
        }

        private void Forget()
        {
            _quickEnds = 0;
            _blockMs = 0;
        }
    }
}
