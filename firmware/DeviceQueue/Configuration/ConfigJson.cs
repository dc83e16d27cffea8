using DeviceQueue.Json;

namespace DeviceQueue.Configuration
{
    /// <summary>
    /// Reads a whole configuration from JSON in memory, for programs on a desktop; a device goes through its file with
    /// <see cref="JsonConfigReader"/>.
    /// </summary>
    public static class ConfigJson
    {
        /// <summary>Reads a configuration.</summary>
        /// <param name="source">What the bytes are, for the errors: the file's name.</param>
        /// <param name="data">The bytes.</param>
        /// <param name="count">How many of them, from the start, there are.</param>
        /// <param name="problems">Takes the error, with its line and column.</param>
        /// <returns>The configuration, or <see langword="null"/> after an error.</returns>
        public static ConfigParams Read(string source, byte[] data, int count, ConfigProblems problems)
        {
            ConfigParams config = new ConfigParams();
            JsonConfigReader reader = new JsonConfigReader(source, new BytesSource(data, count), problems);
            while (reader.Read())
            {
                config.Set(reader.Key, reader.Value);
            }

            return reader.HasFailed ? null : config;
        }
    }
}
