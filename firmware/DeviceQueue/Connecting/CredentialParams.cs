using System.Collections;
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
            ArrayList found = new ArrayList();
            for (int i = 0; i < MaxCredentials; i++)
            {
                AddIfThere(config, "credentials." + i.ToString() + ".", problems, found);
            }

            ConfigReader beyond = new ConfigReader(config, "credentials." + MaxCredentials.ToString() + ".", problems);
            if (beyond.HasAny(Keys))
            {
                problems.AddError("credentials has too many entries: at most " + MaxCredentials.ToString() + " are allowed");
            }

            bool hasMany = found.Count > 0;
            ConfigReader single = new ConfigReader(config, "credential.", problems);
            if (!hasMany)
            {
                AddIfThere(config, "credential.", problems, found);
            }
            else if (single.HasAny(Keys))
            {
                problems.AddWarning("credential has no effect beside credentials");
            }

            CredentialParams[] result = new CredentialParams[found.Count];
            found.CopyTo(result);
            return result;
        }

        private static void AddIfThere(ConfigParams config, string prefix, ConfigProblems problems, ArrayList found)
        {
            ConfigReader reader = new ConfigReader(config, prefix, problems);
            if (!reader.HasAny(Keys))
            {
                return;
            }

            string username = reader.Text("username", null, MaxLength);
            string password = reader.Text("password", null, MaxLength);
            string storeKey = reader.Text("store_key", null, MaxLength);
            if (string.IsNullOrEmpty(username) && storeKey == null)
            {
                reader.Refuse("username", "MQTT 3.1.1 (section 3.1.2.9) has no password without a user name");
            }

            found.Add(new CredentialParams(username, password) { StoreKey = storeKey });
        }
    }
}
