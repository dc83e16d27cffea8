using System.Text;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// The retained status: birth after each connect, before a clean close what the last will says otherwise. It
    /// listens to its own topic, because a late will or another client may put its word over ours, and corrects that.
    /// Called from the connection's thread.
    /// </summary>
    internal sealed class StatusTopic : IMessageSink
    {
        /// <summary>The shortest time between two corrections, in milliseconds.</summary>
        public const int CorrectionMs = 60000;

        private readonly LatestValues _latest;
        private readonly string _birth;
        private string _lastWord;
        private readonly int _handle;
        private string _said;
        private bool _isForeign;
        private long _nextMs;

        public StatusTopic(string topic, string birth, string lastWill, LatestValues latest)
        {
            Topic = topic;
            _birth = birth;
            _lastWord = lastWill;
            _latest = latest;
            _handle = latest.Add(topic, true);
        }

        public string Filter => Topic;

        public string Topic { get; }

        public int FilterQos => 1;

        /// <summary>Gets a value indicating whether the broker has acknowledged what was said last.</summary>
        public bool IsSettled => _latest.IsSettled(_handle);

        public void SayBirth()
        {
            Say(_birth);
        }

        /// <summary>Sets what is said before a clean close in place of the last will.</summary>
        public void SetLastWord(string word)
        {
            _lastWord = word;
        }

        public void SayLastWord()
        {
            Say(_lastWord);
        }

        public void OnMessage(string topic, byte[] payload, bool isRetained)
        {
            // What was retained before we said our word is replaced by it, and so is what we said before a sleep, which
            // a kept session brings first.
            if (IsSettled || (!isRetained && !DeviceTopics.IsText(payload, DeviceTopics.Asleep)))
            {
                _isForeign = _said != null && !DeviceTopics.IsText(payload, _said);
            }
        }

        public long Deliver(long nowMs)
        {
            if (!_isForeign || !IsSettled)
            {
                return long.MaxValue;
            }

            if (nowMs < _nextMs)
            {
                return _nextMs;
            }

            _isForeign = false;
            _nextMs = nowMs + CorrectionMs;
            _latest.Repeat(_handle);
            return long.MaxValue;
        }

        private void Say(string word)
        {
            _said = word;
            _isForeign = false;
            _latest.Set(_handle, Encoding.UTF8.GetBytes(word));
        }
    }
}
