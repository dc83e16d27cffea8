using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mqtt;

/// <summary>Our end of one TLS connection, and why it did not come up.</summary>
internal sealed class TlsClient : IDisposable
{
    private readonly TlsOptions _options;
    private readonly string _host;
    private readonly X509Certificate2Collection _authorities;
    private readonly X509Certificate2? _pair;
    private string? _verdict;

    /// <exception cref="AuthenticationException">The text says which certificate or key cannot be read.</exception>
    internal TlsClient(TlsOptions options, string host)
    {
        _options = options;
        _host = host;
        _authorities = Read("the authority's certificate", () => Pem.ReadCertificates(options.Authorities ?? []));
        if (options.Certificate != null)
        {
            _pair = Read(
                "the client's certificate or key",
                () => Pem.ReadPair(options.Certificate, options.Key ?? [], options.KeyPassword));
        }
    }

    /// <summary>Gets what the handshake is made with.</summary>
    internal SslClientAuthenticationOptions Handshake => new()
    {
        TargetHost = _host,
        EnabledSslProtocols = _options.Protocols,
        AllowTlsResume = false, // what was right for another connection is judged again
        CertificateChainPolicy = CreatePolicy(),
        RemoteCertificateValidationCallback = (_, _, chain, errors) => Judge(chain, errors),
        ClientCertificateContext =
            _pair == null ? null : SslStreamCertificateContext.Create(_pair, null, offline: true),
    };

    /// <summary>Says why, in OpenSSL's words unless it is the broker's certificate.</summary>
    internal string Describe(Exception e) => _verdict ?? e.GetBaseException().Message;

    public void Dispose()
    {
        _pair?.Dispose();
        foreach (X509Certificate2 authority in _authorities)
        {
            authority.Dispose();
        }
    }

    private static T Read<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new AuthenticationException($"{name} cannot be read: {e.Message}");
        }
    }

    private X509ChainPolicy CreatePolicy()
    {
        X509ChainPolicy policy = new()
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        if (_options.Authorities != null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(_authorities);
        }

        if (_options.Time is { } time)
        {
            policy.VerificationTime = time.LocalDateTime;
        }

        return policy;
    }

    private bool Judge(X509Chain? chain, SslPolicyErrors errors)
    {
        if (_options.Insecure || errors == SslPolicyErrors.None)
        {
            return true;
        }

        string reason = errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "there is none"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? FindFault(chain!)
            : $"certificate is not for {_host}";
        _verdict = $"certificate verify failed: {reason}";
        return false;
    }

    private string FindFault(X509Chain chain)
    {
        X509ChainStatusFlags all = X509ChainStatusFlags.NoError;
        foreach (X509ChainStatus status in chain.ChainStatus)
        {
            all |= status.Status;
        }

        if ((all & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) != 0)
        {
            return "certificate is of an authority that is not trusted";
        }

        if (all.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            DateTime now = (_options.Time ?? DateTimeOffset.Now).LocalDateTime;
            return chain.ChainElements.Any(element => element.Certificate.NotBefore > now)
                ? "certificate is not yet valid"
                : "certificate has expired";
        }

        return chain.ChainStatus[0].StatusInformation;
    }
}
