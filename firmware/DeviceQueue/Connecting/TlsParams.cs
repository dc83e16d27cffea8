using DeviceQueue.Configuring;

namespace DeviceQueue.Connecting
{
    /// <summary>The settings below <c>tls.</c>: names of files in PEM or DER form.</summary>
    public sealed class TlsParams
    {
        private const int MaxNameLength = 128;

        private TlsParams()
        {
        }

        /// <summary>Gets the file of the authority that signs the broker's certificate; <see langword="null"/>: the device's own store of authorities is asked.</summary>
        public string AuthorityFile { get; private set; }

        /// <summary>Gets the file of the client's certificate, or <see langword="null"/>.</summary>
        public string CertificateFile { get; private set; }

        /// <summary>Gets the file of the client's key; there is one when there is a certificate.</summary>
        public string KeyFile { get; private set; }

        /// <summary>Reads and checks the settings.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        public static TlsParams Read(ConfigParams config, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            ConfigReader reader = new ConfigReader(config, "tls.", problems);
            TlsParams tls = new TlsParams();
            tls.AuthorityFile = ReadFileName(reader, "ca");
            tls.CertificateFile = ReadFileName(reader, "cert");
            tls.KeyFile = ReadFileName(reader, "key");
            if (reader.Has("cert") != reader.Has("key"))
            {
                reader.Refuse(reader.Has("cert") ? "key" : "cert", "a client's certificate and its key belong together");
            }

            return problems.ErrorCount == errors ? tls : null;
        }

        private static string ReadFileName(ConfigReader reader, string key)
        {
            string name = reader.Text(key, null, MaxNameLength);
            if (name != null && name.Length == 0)
            {
                reader.Refuse(key, "a file name is needed");
            }

            return name;
        }
    }
}
