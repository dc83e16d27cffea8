using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <summary>Reads the segments of an outbox's file in pieces, of which the last one is kept.</summary>
    internal sealed class SegmentReader
    {
        private const int None = -1;

        private readonly IStore _store;
        private readonly string[] _names;
        private int _segment = None;
        private int _start;
        private int _count;

        /// <summary>Initializes a new instance of the <see cref="SegmentReader"/> class.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="names">The names of the segments.</param>
        /// <param name="maxBytes">The size of a piece in bytes.</param>
        public SegmentReader(IStore store, string[] names, int maxBytes)
        {
            _store = store;
            _names = names;
            Data = new byte[maxBytes];
        }

        /// <summary>Gets what holds the piece.</summary>
        public byte[] Data { get; }

        /// <summary>Gets or sets a value indicating whether storage refused to be read since this was last set to <see langword="false"/>.</summary>
        public bool IsFailing { get; set; }

        /// <summary>Sees to it that <see cref="Data"/> has some bytes of a segment.</summary>
        /// <param name="segment">The segment.</param>
        /// <param name="size">Its size in bytes.</param>
        /// <param name="position">Where in it the bytes are.</param>
        /// <param name="count">How many are needed.</param>
        /// <param name="at">Where in <see cref="Data"/> they are.</param>
        /// <returns><see langword="false"/> when the segment ends before, they are more than a piece, or storage fails.</returns>
        public bool TryLoad(int segment, int size, int position, int count, out int at)
        {
            int left = size - position;
            at = 0;
            if (count > left || count > Data.Length)
            {
                return false;
            }

            if (_segment != segment || position < _start || position + count > _start + _count)
            {
                int wanted = left < Data.Length ? left : Data.Length;
                _segment = segment;
                _start = position;
                bool isRead = _store.TryReadAt(_names[segment], position, Data, wanted);
                IsFailing |= !isRead;
                _count = isRead ? wanted : 0;
                _segment = isRead ? segment : None;
            }

            at = position - _start;
            return _count > 0;
        }

        /// <summary>Forgets the piece, because a segment was deleted.</summary>
        public void Forget()
        {
            _segment = None;
        }
    }
}
