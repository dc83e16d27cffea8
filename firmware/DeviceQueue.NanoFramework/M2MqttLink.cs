using System;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using DeviceQueue.Mqtt;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// A link over nanoFramework.M2Mqtt's client, one client object for each connection: a reconnected one repeats what
    /// it still had in flight.
    /// </summary>
    public sealed class M2MqttLink : IMqttLink
    {
        private readonly MqttLinkEventQueue _events;
        private MqttClient _client;

        /// <summary>Initializes a new instance of the <see cref="M2MqttLink"/> class.</summary>
        /// <param name="wake">Set whenever there is an event to take.</param>
        /// <param name="isBurstKept">Whether there is room for all that a broker keeps while the device
        /// sleeps.</param>
        public M2MqttLink(AutoResetEvent wake, bool isBurstKept = false)
        {
            _events = isBurstKept
                ? new MqttLinkEventQueue(wake, MqttLinkEventQueue.BurstMessages, MqttLinkEventQueue.BurstBytes)
                : new MqttLinkEventQueue(wake);
        }

        /// <inheritdoc/>
        public bool IsOpen => _client != null && _client.IsConnected;

        /// <inheritdoc/>
        public int MaxInflight => _events.MaxInflight;

        /// <inheritdoc/>
        public int DroppedMessages => _events.DroppedMessages;

        /// <inheritdoc/>
        public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession)
        {
            X509Certificate authority = null;
            X509Certificate2 own = null;
            try
            {
                authority = options.CaCertificate == null ? null : new X509Certificate(options.CaCertificate);
                own = CreateOwn(options);
            }
            catch (Exception)
            {
                string which = authority == null && options.CaCertificate != null ? "tls.ca" : "tls.cert or tls.key";
                return new MqttLinkResult(MqttLinkError.Tls, 0, which + " cannot be read: PEM or DER is needed");
            }

            try
            {
                _client = Create(options, authority, own);
            }
            catch (Exception e)
            {
                return new MqttLinkResult(MqttLinkError.Dns, 0, "no address for " + options.Host + ", " + Describe(e));
            }

            _client.MqttMsgPublishReceived += OnMessage;
            _client.MqttMsgPublished += OnPublished;
            _client.MqttMsgSubscribed += OnSubscribed;
            _client.MqttMsgUnsubscribed += OnUnsubscribed;
            _client.ConnectionClosed += OnClosed;
            try
            {
                int returnCode = (int)Connect(options, cleanSession);
                return new MqttLinkResult(
                    returnCode == 0 ? MqttLinkError.None : MqttLinkError.Refused, returnCode, null);
            }
            catch (MqttConnectionException e)
            {
                bool isTcp = !options.IsSecure || e.InnerException is SocketException;
                return new MqttLinkResult(isTcp ? MqttLinkError.Tcp : MqttLinkError.Tls, 0, Describe(e));
            }
            catch (MqttClientException e)
            {
                return new MqttLinkResult(MqttLinkError.BadOptions, 0, "client error " + ((int)e.ErrorCode).ToString());
            }
            catch (MqttCommunicationException)
            {
                return new MqttLinkResult(
                    MqttLinkError.NoAnswer, 0, "the broker closed the connection, or stayed silent for 30 s");
            }
            catch (Exception e)
            {
                return new MqttLinkResult(MqttLinkError.NoAnswer, 0, Describe(e));
            }
        }

        /// <inheritdoc/>
        public int TryPublish(string topic, byte[] payload, int qos, bool retain)
        {
            try
            {
                // The client takes a message while it is disconnected, answers with an id, and loses it.
                return IsOpen ? _client.Publish(topic, payload, null, null, (MqttQoSLevel)qos, retain) : 0;
            }
            catch (Exception)
            {
                return 0;
            }
        }

        /// <inheritdoc/>
        public int TrySubscribe(string filter, int qos)
        {
            try
            {
                return IsOpen
                    ? _client.Subscribe(new string[] { filter }, new MqttQoSLevel[] { (MqttQoSLevel)qos })
                    : 0;
            }
            catch (Exception)
            {
                return 0;
            }
        }

        /// <inheritdoc/>
        public int TryUnsubscribe(string filter)
        {
            try
            {
                return IsOpen ? _client.Unsubscribe(new string[] { filter }) : 0;
            }
            catch (Exception)
            {
                return 0;
            }
        }

        /// <inheritdoc/>
        public bool TryProbe()
        {
            // A PINGREQ would do, but the client sends one only when it has sent nothing else for a keepalive, and
            // raises no event for the answer.
            return TryUnsubscribe(TopicFilter.Probe) != 0;
        }

        /// <inheritdoc/>
        public bool TryTakeEvent(MqttLinkEvent e)
        {
            return _events.TryTake(e);
        }

        /// <inheritdoc/>
        public void Close(bool isClean)
        {
            if (_client == null)
            {
                return;
            }

            try
            {
                if (isClean && _client.IsConnected)
                {
                    _client.Disconnect();
                }
            }
            catch (Exception)
            {
                // Disconnect throws on a link that is gone already; Close frees its threads and socket all the same.
            }

            _client.Close();
        }

        // The constructor looks the host name up.
        private static MqttClient Create(MqttLinkOptions options, X509Certificate authority, X509Certificate2 own)
        {
            MqttSslProtocols protocol = options.IsSecure ? MqttSslProtocols.TLSv1_2 : MqttSslProtocols.None;
            return new MqttClient(options.Host, options.Port, options.IsSecure, authority, own, protocol);
        }

        private static X509Certificate2 CreateOwn(MqttLinkOptions options)
        {
            byte[] certificate = options.ClientCertificate;
            return certificate == null ? null : new X509Certificate2(certificate, options.ClientKey, null);
        }

        private static string Describe(Exception e)
        {
            Exception cause = e.InnerException ?? e;
            return cause is SocketException socket
                ? "socket error " + socket.ErrorCode.ToString() : MqttLinkResult.Describe(cause);
        }

        private MqttReasonCode Connect(MqttLinkOptions options, bool cleanSession)
        {
            bool hasWill = options.WillTopic != null;
            return _client.Connect(
                options.ClientId,
                options.Username,
                options.Password,
                hasWill && options.WillRetain, // without a will this flag makes Connect wait for ever
                hasWill ? (MqttQoSLevel)options.WillQos : MqttQoSLevel.AtMostOnce,
                hasWill,
                hasWill ? options.WillTopic : null,
                hasWill ? options.WillPayload : null,
                cleanSession,
                (ushort)options.KeepAliveSeconds);
        }

        // The handlers run on the client's dispatch thread, where an exception would close the connection.
        private void OnMessage(object sender, MqttMsgPublishEventArgs e)
        {
            _events.AddMessage(e.Topic, e.Message, e.Retain);
        }

        private void OnPublished(object sender, MqttMsgPublishedEventArgs e)
        {
            _events.AddPublished(e.MessageId, e.IsPublished);
        }

        private void OnSubscribed(object sender, MqttMsgSubscribedEventArgs e)
        {
            _events.AddSubscribed(
                e.MessageId, e.GrantedQoSLevels.Length > 0 && e.GrantedQoSLevels[0] != MqttQoSLevel.GrantedFailure);
        }

        private void OnUnsubscribed(object sender, MqttMsgUnsubscribedEventArgs e)
        {
            _events.AddAlive();
        }

        private void OnClosed(object sender, EventArgs e)
        {
            _events.AddClosed();
        }
    }

    /// <summary>Makes links over nanoFramework.M2Mqtt.</summary>
    public sealed class M2MqttLinkFactory : IMqttLinkFactory
    {
        private readonly bool _isBurstKept;

        /// <summary>Initializes a factory.</summary>
        /// <param name="isBurstKept">Whether its links have room for all that a broker keeps while the device
        /// sleeps.</param>
        public M2MqttLinkFactory(bool isBurstKept = false)
        {
            _isBurstKept = isBurstKept;
        }

        /// <inheritdoc/>
        public IMqttLink Create(AutoResetEvent wake)
        {
            return new M2MqttLink(wake, _isBurstKept);
        }
    }
}
