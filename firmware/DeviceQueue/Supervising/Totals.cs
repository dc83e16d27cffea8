namespace DeviceQueue.Supervising
{
    /// <summary>Counts by name that go on across reboots: what was stored, and what has come since start.</summary>
    public sealed class Totals
    {
        private readonly string[] _known;
        private readonly string[] _names;
        private readonly int[] _stored;
        private readonly int[] _sinceStart;

        /// <summary>Initializes a new instance of the <see cref="Totals"/> class.</summary>
        /// <param name="known">The names that are counted; any other is not.</param>
        public Totals(string[] known)
        {
            _known = known;
            _names = new string[known.Length];
            _stored = new int[known.Length];
            _sinceStart = new int[known.Length];
        }

        /// <summary>Gets how many names have been counted.</summary>
        public int Count { get; private set; }

        /// <summary>Gets a name.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The name.</returns>
        public string GetName(int index)
        {
            return _names[index];
        }

        /// <summary>Gets a count over all boots.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The count; it ends at the largest number there is.</returns>
        public int GetTotal(int index)
        {
            int total = _stored[index] + _sinceStart[index];
            return total < 0 ? int.MaxValue : total;
        }

        /// <summary>Sets what was counted before this boot.</summary>
        /// <param name="name">What.</param>
        /// <param name="count">How often.</param>
        public void Restore(string name, int count)
        {
            int index = Find(name);
            if (index >= 0)
            {
                _stored[index] = count < 0 ? 0 : count;
            }
        }

        /// <summary>Sets what was counted in this boot.</summary>
        /// <param name="name">What.</param>
        /// <param name="sinceStart">How often since start.</param>
        public void Update(string name, int sinceStart)
        {
            int index = Find(name);
            if (index >= 0)
            {
                _sinceStart[index] = sinceStart;
            }
        }

        private int Find(string name)
        {
            for (int i = 0; i < Count; i++)
            {
                if (_names[i] == name)
                {
                    return i;
                }
            }

            for (int i = 0; i < _known.Length; i++)
            {
                if (_known[i] == name)
                {
                    _names[Count] = name;
                    return Count++;
                }
            }

            return -1;
        }
    }
}
