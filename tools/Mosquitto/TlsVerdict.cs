using System.Runtime.InteropServices;

namespace Mosquitto;

/// <summary>
/// What OpenSSL found wrong with the broker's certificate. libmosquitto says only that it was refused, and lets go of
/// the session that knows why before it returns: so this holds on to it. Where OpenSSL's functions are not to be found
/// (Windows), there is no verdict.
/// </summary>
internal sealed unsafe class TlsVerdict : IDisposable
{
    private static readonly delegate* unmanaged[Cdecl]<nint, int> UpReference = (delegate* unmanaged[Cdecl]<nint, int>)MosquittoLibrary.Find("SSL_up_ref");
    private static readonly delegate* unmanaged[Cdecl]<nint, void> Free = (delegate* unmanaged[Cdecl]<nint, void>)MosquittoLibrary.Find("SSL_free");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint> GetResult = (delegate* unmanaged[Cdecl]<nint, nint>)MosquittoLibrary.Find("SSL_get_verify_result");
    private static readonly delegate* unmanaged[Cdecl]<nint, byte*> GetText = (delegate* unmanaged[Cdecl]<nint, byte*>)MosquittoLibrary.Find("X509_verify_cert_error_string");

    private nint _session;

    /// <param name="session">OpenSSL's SSL, or 0 when there is none.</param>
    internal TlsVerdict(nint session)
    {
        bool isKnown = UpReference != null && Free != null && GetResult != null && GetText != null;
        _session = isKnown && session != 0 && UpReference(session) == 1 ? session : 0;
    }

    /// <summary>Gets why the certificate was refused, or nothing when that was not the reason.</summary>
    internal string Text
    {
        get
        {
            nint result = _session == 0 ? 0 : GetResult(_session);
            return result == 0 ? "" : Marshal.PtrToStringUTF8((nint)GetText(result)) ?? "";
        }
    }

    public void Dispose()
    {
        if (_session != 0)
        {
            Free(_session);
            _session = 0;
        }
    }
}
