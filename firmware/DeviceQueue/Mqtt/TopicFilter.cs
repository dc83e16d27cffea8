using DeviceQueue.Text;

namespace DeviceQueue.Mqtt
{
    /// <summary>Topic names and topic filters, MQTT 3.1.1 section 4.7.</summary>
    public static class TopicFilter
    {
        /// <summary>The longest topic or filter in characters that the library takes.</summary>
        public const int MaxLength = 256;

        /// <summary>
        /// No client subscribes to it, so unsubscribing changes nothing, and the broker has to answer nevertheless
        /// (MQTT 3.1.1 section 3.10.4): a link's way to ask for a sign of life.
        /// </summary>
        public const string Probe = "devicequeue/probe";

        /// <summary>Tells whether a filter covers a topic.</summary>
        /// <param name="filter">A valid topic filter.</param>
        /// <param name="topic">A topic name.</param>
        /// <returns><see langword="true"/> when a subscription to the filter receives the topic.</returns>
        public static bool Matches(string filter, string topic)
        {
            if (topic.Length == 0 || (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')))
            {
                return false; // section 4.7.2: a leading wildcard does not cover the server's own topics
            }

            int t = 0;
            int f = 0;
            while (f < filter.Length)
            {
                if (filter[f] == '#')
                {
                    return true;
                }

                if (filter[f] == '+')
                {
                    t = EndOfLevel(topic, t);
                    f++;
                }
                else if (t == topic.Length)
                {
                    // section 4.7.1.2: "sport/#" covers its parent level "sport"
                    return f == filter.Length - 2 && filter[f] == '/' && filter[f + 1] == '#';
                }
                else if (topic[t] != filter[f]
                    || (topic[t] >= 0xD800 && topic.ToCharArray(t, 1)[0] != filter.ToCharArray(f, 1)[0]))
                {
                    // on the interpreter topic[t] is the first half of a character of two halves, at each of them
                    return false;
                }
                else
                {
                    t++;
                    f++;
                }
            }

            return t == topic.Length;
        }

        /// <summary>
        /// Tells whether a text is a topic name, section 4.7.3: 1 to <see cref="MaxLength"/> characters, no wildcard,
        /// no NUL, no lone surrogate.
        /// </summary>
        /// <param name="topic">The text.</param>
        /// <returns><see langword="true"/> when something can be published to it.</returns>
        public static bool IsTopic(string topic)
        {
            return !string.IsNullOrEmpty(topic) && topic.Length <= MaxLength && topic.IndexOf('+') < 0
                && topic.IndexOf('#') < 0 && IsText(topic);
        }

        /// <summary>Tells whether a text has a form in UTF-8 that a broker accepts, section 1.5.3.</summary>
        internal static bool IsText(string text)
        {
            int length = text.Length;
            int i = 0;
            while (i < length)
            {
                char c = text[i];
                if (c > '\0' && (c < 0xD800 || c >= 0xE000))
                {
                    i++;
                }
                else if (c == '\0' || Utf8.NextCodePoint(text, length, ref i) < 0x10000)
                {
                    return false;
                }
            }

            return true;
        }

        private static int EndOfLevel(string topic, int start)
        {
            while (start < topic.Length && topic[start] != '/')
            {
                start++;
            }

            return start;
        }
    }
}
