using System.Collections;
using System.Text;

namespace DeviceQueue.Configuring
{
    /// <summary>
    /// What is wrong with a configuration: errors, with which it is not used, and warnings. Each is one line that names key, value and what is allowed,
    /// a secret's value never. Not safe for use from two threads at once.
    /// </summary>
    public sealed class ConfigProblems
    {
        /// <summary>How many errors are kept, and how many warnings; more are counted.</summary>
        public const int MaxKept = 32;

        private const int MaxShown = 64;
        private const string Hidden = "(hidden)";

        private readonly ArrayList _errors = new ArrayList();
        private readonly ArrayList _warnings = new ArrayList();

        /// <summary>Gets the number of errors, also of those that are not kept.</summary>
        public int ErrorCount { get; private set; }

        /// <summary>Gets the key of the first error that is about a key, or <see langword="null"/>.</summary>
        public string FirstErrorKey { get; private set; }

        /// <summary>Gets the number of warnings, also of those that are not kept.</summary>
        public int WarningCount { get; private set; }

        /// <summary>Gets the number of errors that <see cref="GetError"/> knows.</summary>
        public int KeptErrors => _errors.Count;

        /// <summary>Gets the number of warnings that <see cref="GetWarning"/> knows.</summary>
        public int KeptWarnings => _warnings.Count;

        /// <summary>Says whether a key's value must not be shown.</summary>
        /// <param name="key">The key.</param>
        /// <returns><see langword="true"/> for passwords, command keys and, because they can hold a password, URIs.</returns>
        public static bool IsSecret(string key)
        {
            string lower = key.ToLower();
            return lower.Contains("password") || lower.Contains("command_key") || lower == "uri" || lower.EndsWith(".uri");
        }

        /// <summary>Gets a value as it may be shown.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The value.</param>
        /// <returns>The value, cut when it is long and with a question mark for each control character, or <c>(hidden)</c> for a secret.</returns>
        public static string Show(string key, string value)
        {
            return IsSecret(key) ? Hidden : Clean(value);
        }

        /// <summary>Gets a value as it may leave the device: under a key that nobody knows may stand a secret whose key was mistyped.</summary>
        /// <param name="key">The whole key.</param>
        /// <param name="value">The value.</param>
        /// <returns>As <see cref="Show"/> has it; <c>(hidden)</c> also for an unknown key.</returns>
        public static string ShowKnown(string key, string value)
        {
            return KnownKeys.Contains(key) ? Show(key, value) : Hidden;
        }

        /// <summary>Gets an error.</summary>
        /// <param name="index">0 to <see cref="KeptErrors"/> - 1.</param>
        /// <returns>One line of text.</returns>
        public string GetError(int index)
        {
            return (string)_errors[index];
        }

        /// <summary>Gets a warning.</summary>
        /// <param name="index">0 to <see cref="KeptWarnings"/> - 1.</param>
        /// <returns>One line of text.</returns>
        public string GetWarning(int index)
        {
            return (string)_warnings[index];
        }

        /// <summary>Adds an error about a key.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">Its value, or <see langword="null"/> when it is missing.</param>
        /// <param name="reason">What is allowed, or why this is not.</param>
        public void AddError(string key, string value, string reason)
        {
            FirstErrorKey ??= key;
            AddError(value == null
                ? Clean(key) + " is missing: " + reason
                : Clean(key) + " is \"" + Show(key, value) + "\": " + reason);
        }

        /// <summary>Adds an error.</summary>
        /// <param name="text">One line of text without secrets.</param>
        public void AddError(string text)
        {
            ErrorCount++;
            if (_errors.Count < MaxKept)
            {
                _errors.Add(text);
            }
        }

        /// <summary>Adds the errors of another check.</summary>
        /// <param name="other">Holds them.</param>
        internal void AddErrors(ConfigProblems other)
        {
            for (int i = 0; i < other.KeptErrors; i++)
            {
                AddError(other.GetError(i));
            }
        }

        /// <summary>Adds a warning.</summary>
        /// <param name="text">One line of text without secrets.</param>
        public void AddWarning(string text)
        {
            WarningCount++;
            if (_warnings.Count < MaxKept)
            {
                _warnings.Add(text);
            }
        }

        /// <summary>Makes a text of a file fit for one line of the console.</summary>
        /// <param name="text">The text.</param>
        /// <returns>The text, cut when it is long and with a question mark for each control character.</returns>
        internal static string Clean(string text)
        {
            int length = text.Length;
            StringBuilder clean = new StringBuilder();
            for (int i = 0; i < length && i < MaxShown; i++)
            {
                char character = text[i];
                clean.Append(character < ' ' || (character >= 0x7F && character < 0xA0) ? '?' : character);
            }

            return length > MaxShown ? clean.Append("...").ToString() : clean.ToString();
        }
    }
}
