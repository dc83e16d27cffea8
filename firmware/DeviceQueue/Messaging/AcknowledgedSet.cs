
namespace DeviceQueue.Messaging
{
    /// <summary>
    /// What was acknowledged before this start, of the messages that an outbox's file holds: a bit for each, by its
    /// sequence from the first one on.
    /// </summary>
    internal sealed class AcknowledgedSet
    {
        private readonly byte[] _bits;
        private readonly int _first;

        /// <summary>Initializes a new instance of the <see cref="AcknowledgedSet"/> class.</summary>
        /// <param name="first">The sequence of the first message.</param>
        /// <param name="max">The most messages.</param>
        public AcknowledgedSet(int first, int max)
        {
            _first = first;
            _bits = new byte[(max / 8) + 1];
        }

        /// <summary>Adds messages; those outside are none of the file's.</summary>
        public void Add(int first, int count)
        {
            int begin = first - _first;
            int end = begin + count < _bits.Length * 8 ? begin + count : _bits.Length * 8;
            for (int i = begin < 0 ? 0 : begin; i < end; i++)
            {
                _bits[i >> 3] |= (byte)(1 << (i & 7));
            }
        }

        public bool Contains(int sequence)
        {
            int i = sequence - _first;
            return i >= 0 && i < _bits.Length * 8 && (_bits[i >> 3] & (1 << (i & 7))) != 0;
        }
    }
}
