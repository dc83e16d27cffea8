using DeviceQueue.Diagnostics;

namespace DeviceQueue.Health
{
    /// <summary>
    /// The journal's record as 0.1.0 wrote it: <c>name=value</c>, with semicolons between. Used once, at the first
    /// start of later firmware.
    /// </summary>
    internal sealed class JournalText
    {
        /// <summary>The longest such record.</summary>
        public const int MaxBytes = 2560;

        private readonly string _text;

        public JournalText(string text)
        {
            _text = ";" + text + ";";
        }

        /// <summary>Gets a value, or <see langword="null"/>.</summary>
        public string Get(string name)
        {
            int at = _text.IndexOf(";" + name + "=");
            if (at < 0)
            {
                return null;
            }

            at += name.Length + 2;
            return _text.Substring(at, _text.IndexOf(';', at) - at);
        }

        /// <summary>Gets a number from 0 to a limit; 0 when there is none.</summary>
        public int GetNumber(string name, int limit)
        {
            string value = Get(name);
            if (value == null || !int.TryParse(value, out int number) || number < 0)
            {
                return 0;
            }

            return number < limit ? number : limit;
        }

        /// <summary>Adds the counts whose names have a prefix; those of other names are another firmware's.</summary>
        public void GetCounts(string prefix, Counts counts)
        {
            for (int i = 0; i < counts.Length; i++)
            {
                counts.Add(i, GetNumber(prefix + counts.GetName(i), int.MaxValue));
            }
        }
    }
}
