
namespace DeviceQueue.Configuration
{
    /// <summary>Who a client is to a broker.</summary>
    public sealed class CredentialParams
    {
        /// <summary>How many credentials a configuration may have.</summary>
        public const int MaxCredentials = 8;

        private const int MaxLength = 256;

        /// <summary>Initializes credentials.</summary>
        /// <param name="username">The user's name, or <see langword="null"/>.</param>
        /// <param name="password">The password, or <see langword="null"/>.</param>
        public CredentialParams(string username, string password)
        {
            Username = username;
            Password = password;
        }

        /// <summary>Initializes credentials of which the configuration says nothing yet.</summary>
        internal CredentialParams()
        {
        }

        /// <summary>Gets the key under which a credential store knows them, or <see langword="null"/>.</summary>
        public string StoreKey { get; private set; }

        /// <summary>Gets the user's name, or <see langword="null"/>.</summary>
        public string Username { get; private set; }

        /// <summary>Gets the password, or <see langword="null"/>.</summary>
        public string Password { get; private set; }

        /// <summary>Says whether credentials have a setting of a name.</summary>
        internal static bool IsKnown(string name)
        {
            return name == "store_key" || name == "username" || name == "password";
        }

        /// <summary>Takes a value.</summary>
        internal void Take(string name, ConfigReader reader)
        {
            string text = reader.Text(MaxLength);
            switch (name)
            {
                case "username":
                    Username = text;
                    break;
                case "password":
                    Password = text;
                    break;
                default:
                    StoreKey = text;
                    break;
            }
        }

        /// <summary>Checks the whole, when each value has been taken.</summary>
        /// <param name="section">The key of the credentials with a dot.</param>
        /// <param name="problems">Takes what is wrong.</param>
        internal void Check(string section, ConfigProblems problems)
        {
            if (string.IsNullOrEmpty(Username) && StoreKey == null)
            {
                const string Rule = "MQTT 3.1.1 (section 3.1.2.9) has no password without a user name";
                problems.AddError(section + "username", Username, Rule);
            }
        }
    }
}
