
namespace DeviceQueue.Text
{
    /// <summary>Words in one text, separated by commas: a table of them would stay in memory.</summary>
    internal static class WordList
    {
        /// <summary>Finds a word.</summary>
        /// <param name="words">The words, in ASCII.</param>
        /// <param name="text">Holds the one to find, in UTF-8.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How many bytes it has.</param>
        /// <returns>Its place, or -1 when it is not among them.</returns>
        public static int IndexOf(string words, byte[] text, int offset, int count)
        {
            int length = words.Length;
            int start = 0;
            for (int place = 0; start < length; place++)
            {
                int i = start;
                int end = start + count < length ? start + count : length;
                while (i < end && words[i] == text[offset + i - start] && words[i] != ',')
                {
                    i++;
                }

                if (i - start == count && (i == length || words[i] == ','))
                {
                    return place;
                }

                int comma = i < length ? words.IndexOf(',', i) : -1;
                start = comma < 0 ? length : comma + 1;
            }

            return -1;
        }
    }
}
