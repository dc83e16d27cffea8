namespace Mqtt;

public enum ConnectStatus
{
    Accepted,

    /// <summary>The broker refused; the code is CONNACK's.</summary>
    Refused,

    DnsFailed,

    /// <summary>TCP failed; the code is a <see cref="System.Net.Sockets.SocketError"/>.</summary>
    SocketFailed,

    /// <summary>TCP is up, and TLS did not come up or did not stay.</summary>
    TlsFailed,

    /// <summary>The connection ended before it was accepted.</summary>
    Closed,

    /// <summary>CONNACK did not come in time.</summary>
    TimedOut,
}

/// <summary>How far a connection came, and why no further.</summary>
public sealed record ConnectResult(ConnectStatus Status, int Code = 0, string Text = "")
{
    public bool IsAccepted => Status == ConnectStatus.Accepted;
}
