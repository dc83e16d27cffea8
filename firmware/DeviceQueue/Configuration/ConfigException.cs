using DeviceQueue.Diagnostics;

namespace DeviceQueue.Configuration
{
    /// <summary>A configuration with which nothing can be opened.</summary>
    public sealed class ConfigException : QueueException
    {
        /// <summary>It has no connection, or one that no discovery service knows.</summary>
        public const string NoConnection = "NO_CONNECTION";

        /// <summary>The protocol is none that is known.</summary>
        public const string NoProtocol = "NO_PROTOCOL";

        /// <summary>There is no host, or it is not a host's name or address.</summary>
        public const string NoHost = "NO_HOST";

        /// <summary>The port is none.</summary>
        public const string NoPort = "NO_PORT";

        /// <summary>Another value is missing or not allowed; the message names it.</summary>
        public const string BadValue = "BAD_VALUE";

        /// <summary>Initializes a new instance of the <see cref="ConfigException"/> class.</summary>
        /// <param name="code">One of the codes of this class.</param>
        /// <param name="message">What is wrong, in words, without secrets.</param>
        public ConfigException(string code, string message)
            : base(code, message)
        {
        }

        /// <summary>Makes an exception of the first error.</summary>
        /// <param name="problems">Problems with at least one error.</param>
        /// <returns>The exception.</returns>
        public static ConfigException From(ConfigProblems problems)
        {
            return new ConfigException(CodeOf(problems.FirstErrorKey ?? string.Empty), problems.GetError(0));
        }

        private static string CodeOf(string key)
        {
            string name = key.Substring(key.LastIndexOf('.') + 1);
            switch (key.StartsWith("connection") ? name : string.Empty)
            {
                case "connection":
                case "discovery_key":
                    return NoConnection;
                case "protocol":
                    return NoProtocol;
                case "host":
                    return NoHost;
                case "port":
                    return NoPort;
                default:
                    return BadValue;
            }
        }
    }
}
