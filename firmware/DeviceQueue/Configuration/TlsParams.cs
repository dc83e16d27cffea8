
namespace DeviceQueue.Configuration
{
    /// <summary>The settings below <c>tls.</c>: names of files in PEM or DER form.</summary>
    public sealed class TlsParams
    {
        private const int MaxNameLength = 128;

        /// <summary>Initializes settings of which the configuration says nothing.</summary>
        internal TlsParams()
        {
        }

        /// <summary>
        /// Gets the file of the authority that signs the broker's certificate; <see langword="null"/>: the device's own
        /// store of authorities is asked.
        /// </summary>
        public string AuthorityFile { get; private set; }

        /// <summary>Gets the file of the client's certificate, or <see langword="null"/>.</summary>
        public string CertificateFile { get; private set; }

        /// <summary>Gets the file of the client's key; there is one when there is a certificate.</summary>
        public string KeyFile { get; private set; }

        /// <summary>Takes the value of a key, if it is one below <c>tls</c> that is known.</summary>
        internal bool TryTake(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "tls.ca":
                    AuthorityFile = ReadFileName(reader);
                    return true;
                case "tls.cert":
                    CertificateFile = ReadFileName(reader);
                    return true;
                case "tls.key":
                    KeyFile = ReadFileName(reader);
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>Checks the whole, when each value has been taken.</summary>
        internal void Check(ConfigProblems problems)
        {
            if ((CertificateFile == null) != (KeyFile == null))
            {
                string missing = CertificateFile == null ? "tls.cert" : "tls.key";
                problems.AddError(missing, null, "a client's certificate and its key belong together");
            }
        }

        private static string ReadFileName(ConfigReader reader)
        {
            string name = reader.Text(MaxNameLength);
            if (name != null && name.Length == 0)
            {
                reader.Refuse("a file name is needed");
            }

            return name;
        }
    }
}
