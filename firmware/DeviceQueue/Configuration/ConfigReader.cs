using System.Text;
using DeviceQueue.Text;

namespace DeviceQueue.Configuration
{
    /// <summary>
    /// Goes through a configuration key by key, whatever holds it, and reads the value of the key it stands on as a
    /// type. A value that is not allowed is
    /// reported and reads as the fallback, so that all errors show at once. Not safe for use from two threads at once.
    /// </summary>
    public abstract class ConfigReader
    {
        private const int FirstFalse = 5; // among the words for true and false

        /// <summary>Initializes a reader before the first key.</summary>
        /// <param name="problems">Takes what is not allowed.</param>
        protected ConfigReader(ConfigProblems problems)
        {
            Problems = problems;
        }

        /// <summary>Gets what takes the problems.</summary>
        public ConfigProblems Problems { get; }

        /// <summary>Gets the whole key, sections included.</summary>
        public abstract string Key { get; }

        /// <summary>Gets the value as text, never <see langword="null"/>.</summary>
        public abstract string Value { get; }

        /// <summary>Goes to the next key that has a value.</summary>
        /// <returns><see langword="false"/> at the end, or where the configuration cannot be read.</returns>
        public abstract bool Read();

        /// <summary>
        /// Takes a key of a list apart: <c>connections.2.host</c> is the name host at place 2 of connections.
        /// </summary>
        /// <param name="list">The list's key with its dot.</param>
        /// <param name="place">The place, 0 or more.</param>
        /// <param name="name">What follows.</param>
        /// <returns><see langword="false"/> when the key is no such one.</returns>
        internal bool TryGetItem(string list, out int place, out string name)
        {
            place = 0;
            name = null;
            string key = Key;
            if (!key.StartsWith(list))
            {
                return false;
            }

            int length = key.Length;
            int position = list.Length;
            for (; position < length && key[position] >= '0' && key[position] <= '9' && place < 1000; position++)
            {
                place = (place * 10) + key[position] - '0';
            }

            bool isItem = position > list.Length && position < length - 1 && key[position] == '.';
            name = isItem ? key.Substring(position + 1) : null;
            return isItem;
        }

        /// <summary>Reports that the value is not allowed.</summary>
        /// <param name="reason">What is allowed, or why this is not.</param>
        internal void Refuse(string reason)
        {
            Problems.AddError(Key, Value, reason);
        }

        /// <summary>Reads a text of printable characters.</summary>
        internal string Text(int maxLength)
        {
            string text = Value;
            int length = text.Length;
            bool isGood = length <= maxLength;
            for (int i = 0; isGood && i < length; i++)
            {
                isGood = text[i] >= ' ' && text[i] != 0x7F;
            }

            if (!isGood)
            {
                Refuse("at most " + maxLength.ToString() + " characters and no control characters are allowed");
                return null;
            }

            return text;
        }

        /// <summary>Reads a whole number.</summary>
        internal int Integer(int fallback, int lowest, int highest)
        {
            return ReadInteger(fallback, lowest, highest, false);
        }

        /// <summary>Reads a whole number that may also be 0, which means never, none or off.</summary>
        internal int IntegerOrZero(int fallback, int lowest, int highest)
        {
            return ReadInteger(fallback, lowest, highest, true);
        }

        /// <summary>Reads a number.</summary>
        internal double Number(double fallback, int lowest, int highest)
        {
            if (TryNumber(lowest, highest, out double value))
            {
                return value;
            }

            Refuse("a number from " + lowest.ToString() + " to " + highest.ToString() + " is allowed");
            return fallback;
        }

        /// <summary>Reads a number without a word about one that is not allowed.</summary>
        internal bool TryNumber(double lowest, double highest, out double value)
        {
            byte[] text = Encoding.UTF8.GetBytes(Value);
            return NumberText.TryParseDouble(text, 0, text.Length, out value) && value >= lowest && value <= highest;
        }

        /// <summary>Reads one of the words for true and false, as Pip.Services' converters do.</summary>
        internal bool Boolean(bool fallback)
        {
            byte[] word = Encoding.UTF8.GetBytes(Value.ToLower());
            int place = WordList.IndexOf("true,t,yes,y,1,false,f,no,n,0", word, 0, word.Length);
            if (place >= 0)
            {
                return place < FirstFalse;
            }

            Refuse("false or true is allowed");
            return fallback;
        }

        /// <summary>Reads one of some words, which are given with commas between them.</summary>
        /// <returns>The place of the word.</returns>
        internal int Choice(int fallback, string words)
        {
            string text = Value;
            string[] all = words.Split(',');
            string allowed = all[0];
            for (int i = 0; i < all.Length; i++)
            {
                if (all[i] == text)
                {
                    return i;
                }

                allowed += i == 0 ? string.Empty : (i == all.Length - 1 ? " or " : ", ") + all[i];
            }

            Refuse(allowed + " is allowed");
            return fallback;
        }

        private int ReadInteger(int fallback, int lowest, int highest, bool allowsZero)
        {
            byte[] text = Encoding.UTF8.GetBytes(Value);
            bool isNumber = NumberText.TryParseInt64(text, 0, text.Length, out long value);
            if (isNumber && ((value >= lowest && value <= highest) || (allowsZero && value == 0)))
            {
                return (int)value;
            }

            string zero = allowsZero && lowest > 0 ? "0 or " : string.Empty;
            Refuse(zero + "a whole number from " + lowest.ToString() + " to " + highest.ToString() + " is allowed");
            return fallback;
        }
    }
}
