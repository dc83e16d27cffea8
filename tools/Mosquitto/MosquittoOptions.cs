namespace Mosquitto;

/// <summary>What a <see cref="MosquittoClient"/> connects to, and as whom.</summary>
public sealed record MosquittoOptions
{
    /// <summary>libmosquitto refuses a keepalive of 1 to 4 seconds; 0 switches it off.</summary>
    public const int MinimumKeepaliveSeconds = 5;

    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Gets the client id; null lets the broker choose one, which needs a clean session.</summary>
    public string? ClientId { get; init; }

    public bool CleanSession { get; init; } = true;

    public int KeepaliveSeconds { get; init; } = 60;

    public string? Username { get; init; }

    public string? Password { get; init; }

    public MosquittoWill? Will { get; init; }

    /// <summary>Gets the TLS settings; null is plain TCP.</summary>
    public MosquittoTls? Tls { get; init; }

    /// <summary>
    /// Gets a value indicating whether keepalive is checked only when <see cref="MosquittoClient.CheckKeepalive"/> is
    /// called, for a caller with a schedule of its own.
    /// </summary>
    public bool ManualKeepalive { get; init; }
}

/// <summary>What the broker publishes when the client goes without a DISCONNECT.</summary>
public sealed record MosquittoWill(string Topic, byte[] Payload, int Qos, bool Retain);

/// <summary>PEM files of a TLS connection. Without a CA nothing is trusted.</summary>
public sealed record MosquittoTls
{
    public string? CaFile { get; init; }

    public string? CertificateFile { get; init; }

    public string? KeyFile { get; init; }

    public string? KeyPassword { get; init; }

    /// <summary>Gets "tlsv1.2", "tlsv1.3" or null for the best that both sides know.</summary>
    public string? Version { get; init; }

    /// <summary>Gets the time at which certificates are to be valid; null is now.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Gets a value indicating whether the broker's certificate and host name go unchecked.</summary>
    public bool Insecure { get; init; }
}

/// <summary>An incoming message.</summary>
public sealed record MosquittoMessage(string Topic, byte[] Payload, int Qos, bool Retain);
