using System.Collections;

namespace DeviceQueue.Configuring
{
    /// <summary>Reads typed values of one section and reports what is not allowed. A bad value reads as its default, so that all errors show at once.</summary>
    internal sealed class ConfigReader
    {
        private static readonly string[] BooleanWords = { "false", "true" };

        private readonly ConfigParams _config;
        private readonly string _prefix;

        /// <summary>Initializes a reader.</summary>
        /// <param name="config">The configuration.</param>
        /// <param name="prefix">What stands before each key, its dot included.</param>
        /// <param name="problems">Takes the errors.</param>
        public ConfigReader(ConfigParams config, string prefix, ConfigProblems problems)
        {
            _config = config;
            _prefix = prefix;
            Problems = problems;
        }

        /// <summary>Gets what takes the errors.</summary>
        public ConfigProblems Problems { get; }

        /// <summary>Gets the sections of a list, as in <c>connections.0</c>, <c>connections.1</c>, …, or else the one section that stands for it, <c>connection</c>.</summary>
        /// <param name="config">The configuration.</param>
        /// <param name="name">The name of the one; an s more is that of the list.</param>
        /// <param name="keys">The keys of a section, of which it has at least one.</param>
        /// <param name="max">How many sections are allowed.</param>
        /// <param name="problems">Takes the errors.</param>
        /// <returns>A reader for each section, in order; empty when there is none.</returns>
        public static ConfigReader[] ReadList(ConfigParams config, string name, string[] keys, int max, ConfigProblems problems)
        {
            string list = name + "s";
            ArrayList found = new ArrayList();
            for (int i = 0; i <= max; i++)
            {
                ConfigReader reader = new ConfigReader(config, list + "." + i.ToString() + ".", problems);
                if (!reader.HasAny(keys))
                {
                    continue;
                }

                if (i == max)
                {
                    problems.AddError(list + " has too many entries: at most " + max.ToString() + " are allowed");
                    break;
                }

                found.Add(reader);
            }

            ConfigReader single = new ConfigReader(config, name + ".", problems);
            if (single.HasAny(keys) && found.Count > 0)
            {
                problems.AddWarning(name + " has no effect beside " + list);
            }
            else if (single.HasAny(keys))
            {
                found.Add(single);
            }

            ConfigReader[] readers = new ConfigReader[found.Count];
            found.CopyTo(readers);
            return readers;
        }

        /// <summary>Says whether a key has a value.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <returns><see langword="true"/> when it has.</returns>
        public bool Has(string key)
        {
            return _config.Contains(_prefix + key);
        }

        /// <summary>Gets a value as it stands.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <returns>The value, or <see langword="null"/>.</returns>
        public string Get(string key)
        {
            return _config.Get(_prefix + key);
        }

        /// <summary>Names a key in full.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <returns>The key with the prefix.</returns>
        public string Name(string key)
        {
            return _prefix + key;
        }

        /// <summary>Says whether one of some keys has a value.</summary>
        /// <param name="keys">The keys without the prefix.</param>
        /// <returns><see langword="true"/> when one has.</returns>
        public bool HasAny(string[] keys)
        {
            for (int i = 0; i < keys.Length; i++)
            {
                if (Has(keys[i]))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Reports that a value is not allowed, or missing.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <param name="reason">What is allowed, or why this is not.</param>
        public void Refuse(string key, string reason)
        {
            Problems.AddError(_prefix + key, Get(key), reason);
        }

        /// <summary>Reads a text of printable characters.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <param name="fallback">What stands for an absent value.</param>
        /// <param name="maxLength">How many characters are allowed.</param>
        /// <returns>The text.</returns>
        public string Text(string key, string fallback, int maxLength)
        {
            string text = Get(key);
            if (text == null)
            {
                return fallback;
            }

            int length = text.Length;
            bool isGood = length <= maxLength;
            for (int i = 0; isGood && i < length; i++)
            {
                isGood = text[i] >= ' ' && text[i] != 0x7F;
            }

            if (!isGood)
            {
                Refuse(key, "at most " + maxLength.ToString() + " characters and no control characters are allowed");
                return fallback;
            }

            return text;
        }

        /// <summary>Reads a whole number.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <param name="fallback">What stands for an absent value.</param>
        /// <param name="lowest">The lowest number allowed.</param>
        /// <param name="highest">The highest number allowed.</param>
        /// <returns>The number.</returns>
        public int Integer(string key, int fallback, int lowest, int highest)
        {
            return ReadInteger(key, fallback, lowest, highest, false);
        }

        /// <summary>Reads a whole number that may also be 0, which means never, none or off.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <param name="fallback">What stands for an absent value.</param>
        /// <param name="lowest">The lowest number allowed beside 0.</param>
        /// <param name="highest">The highest number allowed.</param>
        /// <returns>The number.</returns>
        public int IntegerOrZero(string key, int fallback, int lowest, int highest)
        {
            return ReadInteger(key, fallback, lowest, highest, true);
        }

        /// <summary>Reads a number.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <param name="lowest">The lowest number allowed.</param>
        /// <param name="highest">The highest number allowed.</param>
        /// <returns>The number; 0 stands for an absent one.</returns>
        public double Number(string key, int lowest, int highest)
        {
            if (!Has(key))
            {
                return 0;
            }

            if (_config.TryGetDouble(_prefix + key, out double value) && value >= lowest && value <= highest)
            {
                return value;
            }

            Refuse(key, "a number from " + lowest.ToString() + " to " + highest.ToString() + " is allowed");
            return 0;
        }

        /// <summary>Reads true or false.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <param name="fallback">What stands for an absent value.</param>
        /// <returns>Which.</returns>
        public bool Boolean(string key, bool fallback)
        {
            return Choice(key, fallback ? 1 : 0, BooleanWords) == 1;
        }

        /// <summary>Reads one of some words.</summary>
        /// <param name="key">The key without the prefix.</param>
        /// <param name="fallback">The place of the word that stands for an absent value.</param>
        /// <param name="words">The words.</param>
        /// <returns>The place of the word.</returns>
        public int Choice(string key, int fallback, string[] words)
        {
            string text = Get(key);
            if (text == null)
            {
                return fallback;
            }

            string allowed = words[0];
            for (int i = 0; i < words.Length; i++)
            {
                if (words[i] == text)
                {
                    return i;
                }

                allowed += i == 0 ? string.Empty : i == words.Length - 1 ? " or " + words[i] : ", " + words[i];
            }

            Refuse(key, allowed + " is allowed");
            return fallback;
        }

        private int ReadInteger(string key, int fallback, int lowest, int highest, bool allowsZero)
        {
            if (!Has(key))
            {
                return fallback;
            }

            if (_config.TryGetInteger(_prefix + key, out int value) && ((value >= lowest && value <= highest) || (allowsZero && value == 0)))
            {
                return value;
            }

            string zero = allowsZero && lowest > 0 ? "0 or " : string.Empty;
            Refuse(key, zero + "a whole number from " + lowest.ToString() + " to " + highest.ToString() + " is allowed");
            return fallback;
        }
    }
}
