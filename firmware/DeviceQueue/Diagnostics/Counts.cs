using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Diagnostics
{
    /// <summary>
    /// Counts by reason: the one kind of counter that outlives a reboot, since the journal restores and stores it. Safe
    /// to call from any thread.
    /// </summary>
    public sealed class Counts
    {
        private const char Separator = ' ';

        private readonly int[] _counts;

        /// <summary>Initializes counts that are all 0.</summary>
        /// <param name="names">
        /// A name for each reason, in the order of their numbers, with a space between two: one literal, because a
        /// table of strings takes 24 bytes of heap a name. The journal stores counts by number, so a new name is added
        /// at the end and none is taken out.
        /// </param>
        public Counts(string names)
        {
            Names = names;
            int count = 1;
            for (int at = names.IndexOf(Separator); at >= 0; at = names.IndexOf(Separator, at + 1))
            {
                count++;
            }

            _counts = new int[count];
        }

        /// <summary>Gets the names, with a space between two.</summary>
        public string Names { get; }

        /// <summary>Gets how many reasons there are.</summary>
        public int Length => _counts.Length;

        /// <summary>Gets a count.</summary>
        /// <param name="reason">0 to <see cref="Length"/> - 1.</param>
        public int this[int reason] => _counts[reason];

        /// <summary>Counts one.</summary>
        /// <param name="reason">0 to <see cref="Length"/> - 1.</param>
        public void Add(int reason)
        {
            Add(reason, 1);
        }

        /// <summary>Counts several; a count ends at the largest number there is.</summary>
        /// <param name="reason">0 to <see cref="Length"/> - 1.</param>
        /// <param name="more">How many, 0 or more.</param>
        public void Add(int reason, int more)
        {
            lock (_counts)
            {
                _counts[reason] = Sum(_counts[reason], more);
            }
        }

        /// <summary>
        /// Counts one by its name; a name that is none of these counts as the last, so that nothing is left out.
        /// </summary>
        /// <param name="name">A word of <see cref="Names"/>.</param>
        public void Add(string name)
        {
            int reason = Find(name);
            Add(reason < 0 ? _counts.Length - 1 : reason, 1);
        }

        /// <summary>Gets a name.</summary>
        /// <param name="reason">0 to <see cref="Length"/> - 1.</param>
        /// <returns>A word of <see cref="Names"/>.</returns>
        public string GetName(int reason)
        {
            int start = 0;
            for (int i = 0; i < reason; i++)
            {
                start = Names.IndexOf(Separator, start) + 1;
            }

            int end = Names.IndexOf(Separator, start);
            return end < 0 ? Names.Substring(start) : Names.Substring(start, end - start);
        }

        /// <summary>Finds a name.</summary>
        /// <param name="name">Any text.</param>
        /// <returns>Its number, or -1.</returns>
        public int Find(string name)
        {
            for (int i = 0; i < _counts.Length; i++)
            {
                if (GetName(i) == name)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Writes members of a JSON object: a name and its count each.</summary>
        /// <param name="writer">Stands in an object.</param>
        /// <param name="end">The first reason that is not written.</param>
        /// <param name="hasZeros">Whether counts of 0 are written.</param>
        public void Write(JsonWriter writer, int end, bool hasZeros)
        {
            for (int i = 0; i < end; i++)
            {
                if (hasZeros || _counts[i] > 0)
                {
                    writer.Name(GetName(i));
                    writer.WriteNumber(_counts[i]);
                }
            }
        }

        /// <summary>Puts the counts into a record: how many they are in a byte, then four bytes each.</summary>
        /// <returns>The place behind them.</returns>
        internal int Store(byte[] record, int at)
        {
            record[at++] = (byte)_counts.Length;
            for (int i = 0; i < _counts.Length; i++, at += 4)
            {
                LittleEndian.Set(record, at, 4, _counts[i]);
            }

            return at;
        }

        /// <summary>Adds the counts of a record; later firmware may count more than this.</summary>
        /// <returns>The place behind them.</returns>
        internal int Restore(byte[] record, int at, int end)
        {
            int length = at < end ? record[at++] : 0;
            for (int i = 0; i < length && at + 4 <= end; i++, at += 4)
            {
                if (i < _counts.Length)
                {
                    Add(i, Limit(LittleEndian.Get(record, at, 4)));
                }
            }

            return at;
        }

        /// <summary>Makes a count of a number that is not negative.</summary>
        internal static int Limit(long value)
        {
            return value < int.MaxValue ? (int)value : int.MaxValue;
        }

        private static int Sum(int one, int other)
        {
            int sum = one + other;
            return sum < 0 ? int.MaxValue : sum;
        }
    }
}
