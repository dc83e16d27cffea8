using System.Text;

namespace Mosquitto;

/// <summary>
/// Certificates and keys as the PEM files that libmosquitto reads when it connects: readable by their owner alone,
/// deleted with this.
/// </summary>
public sealed class PemFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mosquitto-").FullName;

    /// <summary>Writes a file and gives its path, or null for no data.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="data">PEM, with or without a zero behind it, or DER.</param>
    /// <param name="label">What the PEM form of DER data says it is.</param>
    public string? Write(string name, byte[]? data, string label)
    {
        if (data == null)
        {
            return null;
        }

        string path = Path.Combine(_folder, name);
        using FileStream file = PrivateFile.Create(path);
        file.Write(ToPem(data, label));
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ReadOnlySpan<byte> ToPem(byte[] data, string label)
    {
        if (data.AsSpan().IndexOf("-----BEGIN "u8) >= 0)
        {
            // mbedTLS wants a zero behind PEM, OpenSSL none.
            return data.AsSpan().TrimEnd((byte)0);
        }

        string body = Convert.ToBase64String(data, Base64FormattingOptions.InsertLineBreaks);
        return Encoding.ASCII.GetBytes($"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    }
}
