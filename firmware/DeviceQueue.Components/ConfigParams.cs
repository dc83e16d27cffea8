using System;
using System.Collections;
using System.Text;
using DeviceQueue.Text;

namespace DeviceQueue.Components
{
    /// <summary>
    /// Configuration as the Pip.Services components take it: a flat map of texts whose keys have sections before dots,
    /// as in <c>connection.host</c>.
    /// Keys are told apart by case and stay in the order in which they were set. Not safe for use from two threads at
    /// once.
    /// </summary>
    public sealed class ConfigParams
    {
        /// <summary>How many keys one object holds.</summary>
        public const int MaxKeys = 256;

        private readonly Hashtable _values = new Hashtable();
        private readonly ArrayList _keys = new ArrayList();

        /// <summary>Gets the number of keys.</summary>
        public int Count => _keys.Count;

        /// <summary>Makes a configuration of keys and values in turn.</summary>
        /// <param name="tuples">Key, value, key, value; a value is a text, or a number or truth value whose text
        /// counts. A <see langword="null"/> value counts as absent, a last key without a value too.</param>
        /// <returns>The configuration.</returns>
        /// <exception cref="InvalidOperationException">There are more than <see cref="MaxKeys"/> keys.</exception>
        public static ConfigParams FromTuples(params object[] tuples)
        {
            ConfigParams result = new ConfigParams();
            for (int i = 0; i + 1 < tuples.Length; i += 2)
            {
                result.Set((string)tuples[i], ToText(tuples[i + 1]));
            }

            return result;
        }

        /// <summary>
        /// Reads the form <c>key=value;key2=value2</c>. Spaces around keys and values do not count; a part without an
        /// equals sign is passed over.
        /// </summary>
        /// <param name="line">The text, or <see langword="null"/> for none. A value cannot hold a semicolon.</param>
        /// <returns>The configuration.</returns>
        /// <exception cref="InvalidOperationException">There are more than <see cref="MaxKeys"/> keys.</exception>
        public static ConfigParams FromString(string line)
        {
            ConfigParams result = new ConfigParams();
            string[] parts = (line ?? string.Empty).Split(';');
            for (int i = 0; i < parts.Length; i++)
            {
                int equals = parts[i].IndexOf('=');
                string key = equals < 0 ? string.Empty : parts[i].Substring(0, equals).Trim();
                if (key.Length > 0)
                {
                    result.Set(key, parts[i].Substring(equals + 1).Trim());
                }
            }

            return result;
        }

        /// <summary>Gets a key by its place.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1, in the order in which the keys were set.</param>
        /// <returns>The key.</returns>
        public string GetKey(int index)
        {
            return (string)_keys[index];
        }

        /// <summary>Says whether a key has a value.</summary>
        /// <param name="key">The key.</param>
        /// <returns><see langword="true"/> when it has.</returns>
        public bool Contains(string key)
        {
            return _values.Contains(key);
        }

        /// <summary>Gets a value.</summary>
        /// <param name="key">The key.</param>
        /// <returns>The value, or <see langword="null"/> when there is none.</returns>
        public string Get(string key)
        {
            return (string)_values[key];
        }

        /// <summary>Gets a value or what stands for an absent one.</summary>
        /// <param name="key">The key.</param>
        /// <param name="fallback">What stands for an absent value.</param>
        /// <returns>The value.</returns>
        public string Get(string key, string fallback)
        {
            return Get(key) ?? fallback;
        }

        /// <summary>Gets a value as a whole number.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The number.</param>
        /// <returns><see langword="false"/> when the value is absent or is not digits, with a minus sign if need be,
        /// for a 32-bit number.</returns>
        public bool TryGetInteger(string key, out int value)
        {
            byte[] text = GetBytes(key);
            bool isNumber = NumberText.TryParseInt64(text, 0, text.Length, out long number)
                && number >= int.MinValue && number <= int.MaxValue;
            value = isNumber ? (int)number : 0;
            return isNumber;
        }

        /// <summary>Sets a value.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The value; <see langword="null"/> takes the key away.</param>
        /// <exception cref="ArgumentException"><paramref name="key"/> is empty.</exception>
        /// <exception cref="InvalidOperationException">There are <see cref="MaxKeys"/> other keys already.</exception>
        public void Set(string key, string value)
        {
            if (string.IsNullOrEmpty(key))
            {
                throw new ArgumentException();
            }

            bool isThere = _values.Contains(key);
            if (value == null)
            {
                if (isThere)
                {
                    _values.Remove(key);
                    _keys.RemoveAt(FindKey(key));
                }

                return;
            }

            if (!isThere)
            {
                if (_keys.Count == MaxKeys)
                {
                    throw new InvalidOperationException();
                }

                _keys.Add(key);
            }

            _values[key] = value;
        }

        /// <summary>Copies this configuration and adds what it lacks.</summary>
        /// <param name="defaults">Values for keys that have none here.</param>
        /// <returns>A new configuration, own keys first.</returns>
        /// <exception cref="InvalidOperationException">There are more than <see cref="MaxKeys"/> keys.</exception>
        public ConfigParams SetDefaults(ConfigParams defaults)
        {
            ConfigParams result = new ConfigParams();
            result.CopyFrom(this, string.Empty);
            for (int i = 0; i < defaults.Count; i++)
            {
                string key = defaults.GetKey(i);
                if (!result.Contains(key))
                {
                    result.Set(key, defaults.Get(key));
                }
            }

            return result;
        }

        /// <summary>Copies this configuration with another's values in place of own ones.</summary>
        /// <param name="other">The other, whose values win.</param>
        /// <returns>A new configuration, own keys first.</returns>
        /// <exception cref="InvalidOperationException">There are more than <see cref="MaxKeys"/> keys.</exception>
        public ConfigParams Override(ConfigParams other)
        {
            ConfigParams result = new ConfigParams();
            result.CopyFrom(this, string.Empty);
            result.CopyFrom(other, string.Empty);
            return result;
        }

        /// <summary>Gets the names before the first dots.</summary>
        /// <returns>Each name once, in order.</returns>
        public string[] GetSectionNames()
        {
            ArrayList names = new ArrayList();
            Hashtable seen = new Hashtable();
            for (int i = 0; i < _keys.Count; i++)
            {
                string key = GetKey(i);
                int dot = key.IndexOf('.');
                string name = dot > 0 ? key.Substring(0, dot) : null;
                if (name != null && !seen.Contains(name))
                {
                    seen[name] = name;
                    names.Add(name);
                }
            }

            string[] result = new string[names.Count];
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = (string)names[i];
            }

            return result;
        }

        /// <summary>Gets a section as a configuration of its own.</summary>
        /// <param name="section">The name, itself with dots if need be.</param>
        /// <returns>A new configuration whose keys lack the name and its dot; empty when there is no such
        /// section.</returns>
        public ConfigParams GetSection(string section)
        {
            ConfigParams result = new ConfigParams();
            string prefix = section + ".";
            for (int i = 0; i < _keys.Count; i++)
            {
                string key = GetKey(i);
                if (key.Length > prefix.Length && key.StartsWith(prefix))
                {
                    result.Set(key.Substring(prefix.Length), Get(key));
                }
            }

            return result;
        }

        /// <summary>Adds a configuration as a section; its values win.</summary>
        /// <param name="section">The name.</param>
        /// <param name="values">The configuration.</param>
        /// <exception cref="InvalidOperationException">There are more than <see cref="MaxKeys"/> keys.</exception>
        public void AddSection(string section, ConfigParams values)
        {
            CopyFrom(values, section + ".");
        }

        /// <summary>Writes the form that <see cref="FromString"/> reads, secrets too.</summary>
        /// <returns>The text.</returns>
        public override string ToString()
        {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < _keys.Count; i++)
            {
                if (i > 0)
                {
                    text.Append(';');
                }

                string key = GetKey(i);
                text.Append(key).Append('=').Append(Get(key));
            }

            return text.ToString();
        }

        private static string ToText(object value)
        {
            string text = value?.ToString();
            string[] parts = value is double || value is float ? text.Split(',') : new string[0];
            return parts.Length == 2 ? parts[0] + "." + parts[1] : text; // a desktop writes the comma of its country
        }

        private void CopyFrom(ConfigParams other, string prefix)
        {
            for (int i = 0; i < other.Count; i++)
            {
                string key = other.GetKey(i);
                Set(prefix + key, other.Get(key));
            }
        }

        private int FindKey(string key)
        {
            int index = 0;
            while (GetKey(index) != key)
            {
                index++;
            }

            return index;
        }

        private byte[] GetBytes(string key)
        {
            return Encoding.UTF8.GetBytes(Get(key, string.Empty));
        }
    }
}
