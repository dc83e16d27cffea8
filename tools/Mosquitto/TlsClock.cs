using System.Net;
using System.Net.Sockets;

namespace Mosquitto;

/// <summary>
/// Makes OpenSSL judge certificates by another clock than this computer's. Where OpenSSL's functions are not to be
/// found (Windows), this computer's it is.
/// </summary>
internal static unsafe class TlsClock
{
    private const int SslContext = 2;
    private const int SslContextWithDefaults = 3;

    private static readonly delegate* unmanaged[Cdecl]<nint> ClientMethod = (delegate* unmanaged[Cdecl]<nint>)MosquittoLibrary.Find("TLS_client_method");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint> NewContext = (delegate* unmanaged[Cdecl]<nint, nint>)MosquittoLibrary.Find("SSL_CTX_new");
    private static readonly delegate* unmanaged[Cdecl]<nint, void> FreeContext = (delegate* unmanaged[Cdecl]<nint, void>)MosquittoLibrary.Find("SSL_CTX_free");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint> GetParameters = (delegate* unmanaged[Cdecl]<nint, nint>)MosquittoLibrary.Find("SSL_CTX_get0_param");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint, void> SetTime = (delegate* unmanaged[Cdecl]<nint, nint, void>)MosquittoLibrary.Find("X509_VERIFY_PARAM_set_time");
    private static readonly bool IsAble = ClientMethod != null && NewContext != null && FreeContext != null && GetParameters != null && SetTime != null;

    static TlsClock()
    {
        if (IsAble)
        {
            MakeOwnContext();
        }
    }

    internal static void Set(nint client, DateTimeOffset time)
    {
        if (IsAble)
        {
            nint context = NewContext(ClientMethod());
            SetTime(GetParameters(context), (nint)time.ToUnixTimeSeconds());
            _ = MosquittoLibrary.SetOption(client, SslContext, context); // takes a reference of its own
            _ = MosquittoLibrary.SetOption(client, SslContextWithDefaults, 1);
            FreeContext(context);
        }
    }

    /// <summary>
    /// libmosquitto registers what its check of host names needs when it makes a context itself for the first time, and
    /// refuses every certificate under somebody else's before. So it makes one, towards a socket where nobody answers.
    /// </summary>
    private static void MakeOwnContext()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        nint client = MosquittoLibrary.New(null, true, 0);
        _ = MosquittoLibrary.SetTls(client, null, AppContext.BaseDirectory, null, null, null);
        _ = MosquittoLibrary.Connect(client, "127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port, MosquittoOptions.MinimumKeepaliveSeconds);
        MosquittoLibrary.Destroy(client);
    }
}
