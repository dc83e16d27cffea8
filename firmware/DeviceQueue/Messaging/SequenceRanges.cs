
namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Numbers that come nearly in order, kept as ranges. When there is no place for another range, a number is
    /// forgotten. Not safe for concurrent use.
    /// </summary>
    internal sealed class SequenceRanges
    {
        private readonly int[] _firsts;
        private readonly ushort[] _counts;

        /// <summary>Initializes a new instance of the <see cref="SequenceRanges"/> class.</summary>
        /// <param name="maxRanges">The most ranges.</param>
        public SequenceRanges(int maxRanges)
        {
            _firsts = new int[maxRanges];
            _counts = new ushort[maxRanges];
        }

        /// <summary>Gets how many ranges there are.</summary>
        public int Count { get; private set; }

        /// <summary>Gets the first number of a range.</summary>
        /// <param name="position">The range's place, 0 to <see cref="Count"/> - 1.</param>
        /// <returns>The number.</returns>
        public int GetFirst(int position)
        {
            return _firsts[position];
        }

        /// <summary>Gets how many numbers a range has.</summary>
        /// <param name="position">The range's place, 0 to <see cref="Count"/> - 1.</param>
        /// <returns>The count.</returns>
        public int GetLength(int position)
        {
            return _counts[position];
        }

        /// <summary>Adds numbers that are not in yet.</summary>
        /// <param name="first">The first.</param>
        /// <param name="count">How many.</param>
        public void Add(int first, int count)
        {
            for (int i = 0; i < Count; i++)
            {
                bool isBefore = first + count == _firsts[i];
                if ((isBefore || _firsts[i] + _counts[i] == first) && _counts[i] + count <= ushort.MaxValue)
                {
                    _firsts[i] = isBefore ? first : _firsts[i];
                    _counts[i] += (ushort)count;
                    return;
                }
            }

            if (Count < _firsts.Length)
            {
                _firsts[Count] = first;
                _counts[Count] = (ushort)count;
                Count++;
            }
        }

        /// <summary>Removes a range; the last one takes its place.</summary>
        /// <param name="position">The range's place, 0 to <see cref="Count"/> - 1.</param>
        public void RemoveAt(int position)
        {
            Count--;
            _firsts[position] = _firsts[Count];
            _counts[position] = _counts[Count];
        }

        /// <summary>Removes all ranges.</summary>
        public void Clear()
        {
            Count = 0;
        }
    }
}
