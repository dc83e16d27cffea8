using DeviceQueue.Mqtt;

namespace DeviceQueue.Components
{
    /// <summary>Checks the topic of a queue, which may be a filter: a device's own topics need no such check.</summary>
    public static class QueueTopic
    {
        /// <summary>
        /// Tells whether a text is a topic filter: wildcards stand alone in their level, <c>#</c> in the last.
        /// </summary>
        /// <param name="filter">The text.</param>
        /// <returns><see langword="true"/> when a broker accepts it in SUBSCRIBE.</returns>
        public static bool IsValid(string filter)
        {
            if (string.IsNullOrEmpty(filter) || filter.Length > TopicFilter.MaxLength || !TopicFilter.IsText(filter))
            {
                return false;
            }

            for (int i = 0; i < filter.Length; i++)
            {
                char c = filter[i];
                if (((c == '+' || c == '#') && !IsWholeLevel(filter, i)) || (c == '#' && i != filter.Length - 1))
                {
                    return false;
                }
            }

            return true;
        }

        private static bool IsWholeLevel(string filter, int i)
        {
            return (i == 0 || filter[i - 1] == '/') && (i == filter.Length - 1 || filter[i + 1] == '/');
        }
    }
}
