
namespace DeviceQueue.Configuration
{
    /// <summary>
    /// What a configuration says of brokers: the lists <c>connections</c> and <c>credentials</c>, or the one
    /// <c>connection</c> and <c>credential</c> that stand for them, and
    /// <c>tls</c>. Each key is given to it; then the whole is checked.
    /// </summary>
    internal sealed class ConnectionConfig
    {
        // The last of each is the one without a list.
        private readonly ConnectionParams[] _connections = new ConnectionParams[ConnectionParams.MaxConnections + 1];
        private readonly CredentialParams[] _credentials = new CredentialParams[CredentialParams.MaxCredentials + 1];

        /// <summary>Gets the names of the files of TLS.</summary>
        public TlsParams Tls { get; } = new TlsParams();

        /// <summary>Takes the value of a key, if it is one of these parts.</summary>
        /// <param name="reader">Stands on the key.</param>
        /// <returns><see langword="false"/> when it is not.</returns>
        public bool TryTake(ConfigReader reader)
        {
            return TryTakeConnection(reader) || TryTakeCredential(reader) || Tls.TryTake(reader);
        }

        /// <summary>Takes the value of a key of a connection.</summary>
        public bool TryTakeConnection(ConfigReader reader)
        {
            int place = FindPlace(reader, "connection", ConnectionParams.MaxConnections, out string name);
            if (name == null || !ConnectionParams.IsKnown(name))
            {
                return false;
            }

            if (place >= 0)
            {
                _connections[place] ??= new ConnectionParams();
                _connections[place].Take(name, reader);
            }

            return true;
        }

        /// <summary>Takes the value of a key of credentials.</summary>
        public bool TryTakeCredential(ConfigReader reader)
        {
            int place = FindPlace(reader, "credential", CredentialParams.MaxCredentials, out string name);
            if (name == null || !CredentialParams.IsKnown(name))
            {
                return false;
            }

            if (place >= 0)
            {
                _credentials[place] ??= new CredentialParams();
                _credentials[place].Take(name, reader);
            }

            return true;
        }

        /// <summary>Checks the connections, when each value has been taken.</summary>
        /// <returns>Those there are, in order.</returns>
        public ConnectionParams[] GetConnections(ConfigProblems problems)
        {
            int count = Count(_connections, "connection", problems);
            ConnectionParams[] result = new ConnectionParams[count];
            for (int i = _connections.Length - 1; i >= 0; i--)
            {
                if (_connections[i] != null)
                {
                    string section = NamePlace("connection", i, ConnectionParams.MaxConnections);
                    result[--count] = _connections[i].Check(section, problems);
                }
            }

            return result;
        }

        /// <summary>Checks the credentials, when each value has been taken.</summary>
        /// <returns>Those there are, in order.</returns>
        public CredentialParams[] GetCredentials(ConfigProblems problems)
        {
            int count = Count(_credentials, "credential", problems);
            CredentialParams[] result = new CredentialParams[count];
            for (int i = _credentials.Length - 1; i >= 0; i--)
            {
                if (_credentials[i] != null)
                {
                    result[--count] = _credentials[i];
                    result[count].Check(NamePlace("credential", i, CredentialParams.MaxCredentials), problems);
                }
            }

            return result;
        }

        // The place of the one without a list is behind the list. -1: the list is too long.
        private static int FindPlace(ConfigReader reader, string one, int max, out string name)
        {
            string key = reader.Key;
            name = null;
            if (!key.StartsWith(one))
            {
                return -1;
            }

            if (reader.TryGetItem(one + "s.", out int place, out name))
            {
                if (place >= max)
                {
                    reader.Problems.AddTooMany(one + "s", max);
                }

                return place < max ? place : -1;
            }

            name = key.Length > one.Length + 1 && key[one.Length] == '.' ? key.Substring(one.Length + 1) : null;
            return max;
        }

        private static string NamePlace(string one, int place, int max)
        {
            return place == max ? one + "." : one + "s." + place.ToString() + ".";
        }

        // How many there are; the one without a list goes when there is a list.
        private static int Count(object[] places, string one, ConfigProblems problems)
        {
            int count = 0;
            int last = places.Length - 1;
            for (int i = 0; i < last; i++)
            {
                count += places[i] == null ? 0 : 1;
            }

            if (places[last] != null && count > 0)
            {
                problems.AddWarning(one + " has no effect beside " + one + "s");
                places[last] = null;
            }

            return places[last] == null ? count : 1;
        }
    }
}
