
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Where a link connects to and as whom: the fields of CONNECT (MQTT 3.1.1 section 3.1) and what lies below it.
    /// </summary>
    public sealed class MqttLinkOptions
    {
        /// <summary>Gets or sets the broker's host name or address.</summary>
        public string Host { get; set; }

        /// <summary>Gets or sets the broker's TCP port, 1 to 65535.</summary>
        public int Port { get; set; }

        /// <summary>Gets host and port as texts show them.</summary>
        public string Place => Host + ":" + Port.ToString();

        /// <summary>
        /// Gets or sets a value indicating whether the link is TLS, with the broker's certificate validated.
        /// </summary>
        public bool IsSecure { get; set; }

        /// <summary>
        /// Gets or sets the certificate of the authority that signed the broker's, PEM or DER, or
        /// <see langword="null"/> for the platform's own.
        /// </summary>
        public byte[] CaCertificate { get; set; }

        /// <summary>Gets or sets the client's certificate, PEM or DER, or <see langword="null"/>.</summary>
        public byte[] ClientCertificate { get; set; }

        /// <summary>Gets or sets the private key of the client's certificate, or <see langword="null"/>.</summary>
        public byte[] ClientKey { get; set; }

        /// <summary>Gets or sets the client id.</summary>
        public string ClientId { get; set; }

        /// <summary>Gets or sets the user name, or <see langword="null"/>.</summary>
        public string Username { get; set; }

        /// <summary>Gets or sets the password, or <see langword="null"/>.</summary>
        public string Password { get; set; }

        /// <summary>
        /// Gets or sets a value indicating whether the broker forgets what it knew of this client id.
        /// </summary>
        public bool CleanSession { get; set; }

        /// <summary>Gets or sets the keepalive in seconds, 1 to 65535.</summary>
        public int KeepAliveSeconds { get; set; }

        /// <summary>Gets or sets the topic of the last will, or <see langword="null"/> for none.</summary>
        public string WillTopic { get; set; }

        /// <summary>Gets or sets the payload of the last will.</summary>
        public string WillPayload { get; set; }

        /// <summary>Gets or sets the quality of service of the last will, 0 to 2.</summary>
        public int WillQos { get; set; }

        /// <summary>
        /// Gets or sets a value indicating whether the broker keeps the last will for later subscribers.
        /// </summary>
        public bool WillRetain { get; set; }
    }
}
