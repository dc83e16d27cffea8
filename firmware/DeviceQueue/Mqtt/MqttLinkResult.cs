using System;

namespace DeviceQueue.Mqtt
{
    /// <summary>How far an attempt to connect came.</summary>
    public enum MqttLinkError
    {
        /// <summary>The broker accepted.</summary>
        None = 0,

        /// <summary>The host name has no address, or there is no network to ask.</summary>
        Dns = 1,

        /// <summary>No TCP connection.</summary>
        Tcp = 2,

        /// <summary>The TLS handshake failed.</summary>
        Tls = 3,

        /// <summary>The broker answered with a return code other than 0 (MQTT 3.1.1 section 3.2.2.3).</summary>
        Refused = 4,

        /// <summary>TCP and TLS are up and CONNACK did not come.</summary>
        NoAnswer = 5,

        /// <summary>The options cannot be used, so nothing was tried.</summary>
        BadOptions = 6,
    }

    /// <summary>What came of an attempt to connect.</summary>
    public sealed class MqttLinkResult
    {
        /// <summary>Initializes a new instance of the <see cref="MqttLinkResult"/> class.</summary>
        /// <param name="error">How far the attempt came.</param>
        /// <param name="returnCode">The CONNACK return code, 0 to 5.</param>
        /// <param name="detail">What the platform says of it, or <see langword="null"/>.</param>
        public MqttLinkResult(MqttLinkError error, int returnCode, string detail)
        {
            Error = error;
            ReturnCode = returnCode;
            Detail = detail;
        }

        /// <summary>Gets how far the attempt came.</summary>
        public MqttLinkError Error { get; }

        /// <summary>Gets the CONNACK return code, 0 to 5 (MQTT 3.1.1 table 3.1).</summary>
        public int ReturnCode { get; }

        /// <summary>Gets what the platform says of it, or <see langword="null"/>.</summary>
        public string Detail { get; }

        /// <summary>Says what an exception is about, for an operator.</summary>
        /// <param name="e">The exception.</param>
        /// <returns>Its message, unless that names a type and nothing else.</returns>
        public static string Describe(Exception e)
        {
            if (e is OutOfMemoryException)
            {
                return "out of memory";
            }

            string message = e.Message;
            bool isEmpty = string.IsNullOrEmpty(message) || message.StartsWith("Exception ")
                || message.IndexOf(e.GetType().FullName) >= 0;
            return isEmpty ? "internal error" : message;
        }

        /// <inheritdoc/>
        public override string ToString()
        {
            string text = Name(Error);
            if (Error == MqttLinkError.Refused)
            {
                text += " " + ReturnCode.ToString() + " (" + Meaning(ReturnCode) + ")";
            }

            return string.IsNullOrEmpty(Detail) ? text : text + ": " + Detail;
        }

        private static string Name(MqttLinkError error)
        {
            switch (error)
            {
                case MqttLinkError.None: return "connected";
                case MqttLinkError.Dns: return "DNS";
                case MqttLinkError.Tcp: return "TCP";
                case MqttLinkError.Tls: return "TLS";
                case MqttLinkError.Refused: return "CONNACK";
                case MqttLinkError.NoAnswer: return "no CONNACK";
                default: return "bad options";
            }
        }

        private static string Meaning(int returnCode)
        {
            switch (returnCode)
            {
                case 1: return "protocol version refused";
                case 2: return "client id refused";
                case 3: return "server unavailable";
                case 4: return "bad user name or password";
                case 5: return "not authorized";
                default: return "unknown code";
            }
        }
    }
}
