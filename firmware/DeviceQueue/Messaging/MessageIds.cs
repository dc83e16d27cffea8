using DeviceQueue.Mqtt;
using DeviceQueue.Text;

namespace DeviceQueue.Messaging
{
    /// <summary>Draws ids for messages that have none. Used from one thread at a time.</summary>
    internal sealed class MessageIds
    {
        private const int IdBytes = 16;

        private readonly IRandom _random;
        private readonly byte[] _id = new byte[IdBytes];
        private readonly byte[] _text = new byte[IdBytes * 2];

        public MessageIds(IRandom random)
        {
            _random = random;
        }

        /// <summary>Draws an id.</summary>
        /// <returns>32 hexadecimal digits in UTF-8, good until the next call.</returns>
        public byte[] Next()
        {
            _random.NextBytes(_id);
            Hex.Write(_id, _text);
            return _text;
        }
    }
}
