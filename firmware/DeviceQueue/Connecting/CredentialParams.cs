using DeviceQueue.Configuring;

namespace DeviceQueue.Connecting
{
    /// <summary>Who a client is to a broker.</summary>
    public sealed class CredentialParams
    {
        /// <summary>How many credentials a configuration may have.</summary>
        public const int MaxCredentials = 8;

        private const int MaxLength = 256;

        private static readonly string[] Keys = { "store_key", "username", "password" };

        /// <summary>Initializes credentials.</summary>
        /// <param name="username">The user's name, or <see langword="null"/>.</param>
        /// <param name="password">The password, or <see langword="null"/>.</param>
        public CredentialParams(string username, string password)
        {
            Username = username;
            Password = password;
        }

        /// <summary>Gets the key under which a credential store knows them, or <see langword="null"/>.</summary>
        public string StoreKey { get; private set; }

        /// <summary>Gets the user's name, or <see langword="null"/>.</summary>
        public string Username { get; }

        /// <summary>Gets the password, or <see langword="null"/>.</summary>
        public string Password { get; }

        /// <summary>Reads <c>credentials.0</c>, <c>credentials.1</c>, …, or else <c>credential</c>.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed; the credentials must then not be used.</param>
        /// <returns>The credentials in order; empty when the configuration has none.</returns>
        public static CredentialParams[] ManyFromConfig(ConfigParams config, ConfigProblems problems)
        {
            ConfigReader[] readers = ConfigReader.ReadList(config, "credential", Keys, MaxCredentials, problems);
            CredentialParams[] result = new CredentialParams[readers.Length];
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = Read(readers[i]);
            }

            return result;
        }

        private static CredentialParams Read(ConfigReader reader)
        {
            string username = reader.Text("username", null, MaxLength);
            string password = reader.Text("password", null, MaxLength);
            string storeKey = reader.Text("store_key", null, MaxLength);
            if (string.IsNullOrEmpty(username) && storeKey == null)
            {
                reader.Refuse("username", "MQTT 3.1.1 (section 3.1.2.9) has no password without a user name");
            }

            return new CredentialParams(username, password) { StoreKey = storeKey };
        }
    }
}
