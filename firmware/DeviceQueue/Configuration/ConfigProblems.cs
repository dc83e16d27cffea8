using System.Collections;

namespace DeviceQueue.Configuration
{
    /// <summary>
    /// What is wrong with a configuration: errors, with which it is not used, and warnings. Each is one line that names
    /// key, value and what is allowed,
    /// a secret's value never. Not safe for use from two threads at once.
    /// </summary>
    public sealed class ConfigProblems
    {
        /// <summary>How many errors are kept, and how many warnings; more are counted.</summary>
        public const int MaxKept = 32;

        /// <summary>What stands for a secret.</summary>
        internal const string Hidden = "(hidden)";

        /// <summary>How long a value is shown, in characters.</summary>
        internal const int MaxShown = 64;

        private ArrayList _errors;
        private ArrayList _warnings;

        /// <summary>Gets the number of errors, also of those that are not kept.</summary>
        public int ErrorCount { get; private set; }

        /// <summary>Gets the key of the first error that is about a key, or <see langword="null"/>.</summary>
        public string FirstErrorKey { get; private set; }

        /// <summary>Gets the number of warnings, also of those that are not kept.</summary>
        public int WarningCount { get; private set; }

        /// <summary>Gets the number of errors that <see cref="GetError"/> knows.</summary>
        public int KeptErrors => _errors == null ? 0 : _errors.Count;

        /// <summary>Gets the number of warnings that <see cref="GetWarning"/> knows.</summary>
        public int KeptWarnings => _warnings == null ? 0 : _warnings.Count;

        /// <summary>Says whether a key's value must not be shown.</summary>
        /// <param name="key">The key.</param>
        /// <returns><see langword="true"/> for passwords, command keys and, because they can hold a password,
        /// URIs.</returns>
        public static bool IsSecret(string key)
        {
            string lower = key.ToLower();
            bool isUri = lower == "uri" || lower.EndsWith(".uri");
            return isUri || lower.Contains("password") || lower.Contains("command_key");
        }

        /// <summary>Gets a value as it may be shown.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The value.</param>
        /// <returns>The value, cut when it is long and with a question mark for each control character, or
        /// <c>(hidden)</c> for a secret.</returns>
        public static string Show(string key, string value)
        {
            return IsSecret(key) ? Hidden : Clean(value);
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
            _errors ??= new ArrayList();
            if (_errors.Count < MaxKept)
            {
                _errors.Add(text);
            }
        }

        /// <summary>Adds an error about a list, once.</summary>
        /// <param name="list">The key of the list.</param>
        /// <param name="max">How many entries are allowed.</param>
        internal void AddTooMany(string list, int max)
        {
            string text = list + " has too many entries: at most " + max.ToString() + " are allowed";
            if (KeptErrors == 0 || GetError(KeptErrors - 1) != text)
            {
                AddError(text);
            }
        }

        /// <summary>Adds a warning.</summary>
        /// <param name="text">One line of text without secrets.</param>
        public void AddWarning(string text)
        {
            WarningCount++;
            _warnings ??= new ArrayList();
            if (_warnings.Count < MaxKept)
            {
                _warnings.Add(text);
            }
        }

        /// <summary>Adds the warning that nothing knows a key.</summary>
        /// <param name="key">The key.</param>
        internal void AddUnknown(string key)
        {
            AddWarning(Clean(key) + " is not a known key and has no effect");
        }

        /// <summary>Adds the warning that a key, which other programs look at, means nothing to a device.</summary>
        /// <param name="key">The key.</param>
        internal void AddNoEffect(string key)
        {
            AddWarning(key + " has no effect on a device");
        }

        /// <summary>Makes a text of a file fit for one line of the console.</summary>
        /// <param name="text">The text.</param>
        /// <returns>The text, cut when it is long and with a question mark for each control character.</returns>
        internal static string Clean(string text)
        {
            char[] chars = text.ToCharArray();
            int length = chars.Length < MaxShown ? chars.Length : MaxShown;
            for (int i = 0; i < length; i++)
            {
                chars[i] = IsControl(chars[i]) ? '?' : chars[i];
            }

            return new string(chars, 0, length) + (length < chars.Length ? "..." : string.Empty);
        }

        private static bool IsControl(char character)
        {
            return character < ' ' || (character >= 0x7F && character < 0xA0);
        }
    }
}
