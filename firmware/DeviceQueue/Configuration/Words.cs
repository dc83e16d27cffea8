namespace DeviceQueue.Configuration
{
    /// <summary>Words that one text holds, with commas between them: a table of them would take memory for good.</summary>
    internal static class Words
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
            int place = 0;
            int matched = 0; // how much of the text, or -1 where the word is another
            for (int i = 0; i <= length; i++)
            {
                char character = i < length ? words[i] : ',';
                if (character != ',')
                {
                    bool isSame = matched >= 0 && matched < count && text[offset + matched] == character;
                    matched = isSame ? matched + 1 : -1;
                }
                else if (matched == count && count > 0)
                {
                    return place;
                }
                else
                {
                    place++;
                    matched = 0;
                }
            }

            return -1;
        }
    }
}
