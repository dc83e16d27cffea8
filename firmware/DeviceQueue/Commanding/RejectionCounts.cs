namespace DeviceQueue.Commanding
{
    /// <summary>Counts rejected commands by code. Counting is safe from any thread.</summary>
    public sealed class RejectionCounts
    {
        /// <summary>The most codes that are told apart.</summary>
        public const int MaxCodes = 16;

        private readonly object _lock = new object();
        private readonly string[] _codes = new string[MaxCodes];
        private readonly int[] _counts = new int[MaxCodes];

        /// <summary>Gets how many codes have been counted.</summary>
        public int CodeCount { get; private set; }

        /// <summary>Gets a code.</summary>
        /// <param name="index">0 to <see cref="CodeCount"/> - 1.</param>
        /// <returns>The code.</returns>
        public string GetCode(int index)
        {
            return _codes[index];
        }

        /// <summary>Gets how often a code was given.</summary>
        /// <param name="index">0 to <see cref="CodeCount"/> - 1.</param>
        /// <returns>The count since start.</returns>
        public int GetCount(int index)
        {
            return _counts[index];
        }

        /// <summary>Counts a rejection.</summary>
        /// <param name="code">Its code, see <see cref="CommandCode"/>.</param>
        public void Add(string code)
        {
            lock (_lock)
            {
                for (int i = 0; i < CodeCount; i++)
                {
                    if (_codes[i] == code)
                    {
                        _counts[i]++;
                        return;
                    }
                }

                if (CodeCount < MaxCodes)
                {
                    _codes[CodeCount] = code;
                    _counts[CodeCount] = 1;
                    CodeCount++;
                }
            }
        }
    }
}
