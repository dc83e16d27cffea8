using System.Security.Authentication;

namespace Mqtt;

/// <summary>What a <see cref="BrokerClient"/> connects to, and as whom.</summary>
public sealed record ClientOptions
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Gets the client id; null lets the broker choose one, which needs a clean session.</summary>
    public string? ClientId { get; init; }

    public bool CleanSession { get; init; } = true;

    /// <summary>Gets the keepalive, 0 to 65535; 0 switches it off.</summary>
    public int KeepaliveSeconds { get; init; } = 60;

    public string? Username { get; init; }

    public string? Password { get; init; }

    public LastWill? Will { get; init; }

    /// <summary>Gets the TLS settings; null is plain TCP.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>
    /// Gets a value indicating whether PINGREQ is sent only by <see cref="BrokerClient.Ping"/>, for a caller with a
    /// schedule of its own; silence then ends no connection either.
    /// </summary>
    public bool ManualKeepalive { get; init; }
}

/// <summary>What the broker publishes when the client goes without a DISCONNECT.</summary>
public sealed record LastWill(string Topic, byte[] Payload, int Qos, bool Retain);

/// <summary>Certificates and keys are PEM, with or without a zero behind it, or DER.</summary>
public sealed record TlsOptions
{
    /// <summary>
    /// Gets the certificates that are trusted: null for those that this computer trusts; without a byte nothing is.
    /// </summary>
    public byte[]? Authorities { get; init; }

    public byte[]? Certificate { get; init; }

    public byte[]? Key { get; init; }

    /// <summary>Gets what opens an encrypted key.</summary>
    public string? KeyPassword { get; init; }

    /// <summary>Gets the versions that may be spoken; None leaves them to this computer.</summary>
    public SslProtocols Protocols { get; init; }

    /// <summary>Gets the time at which certificates are to be valid; null is now.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Gets a value indicating whether the broker's certificate and host name go unchecked.</summary>
    public bool Insecure { get; init; }
}

/// <summary>An incoming message; a repeat is one that the broker may have sent before.</summary>
public sealed record ReceivedMessage(string Topic, byte[] Payload, int Qos, bool Retain, bool IsRepeat);
