using System.Text;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Text of people and spreadsheets: UTF-8, or UTF-16 with its byte order mark. Nothing is guessed.</summary>
internal static class TextFile
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding LittleEndian = new(false, true, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding BigEndian = new(true, true, throwOnInvalidBytes: true);

    /// <exception cref="UserException">It cannot be read, or is in another encoding.</exception>
    public static string Read(string path)
    {
        byte[] bytes = ReadBytes(path);
        (Encoding encoding, int start) = FindEncoding(bytes);
        try
        {
            string text = encoding.GetString(bytes, start, bytes.Length - start);
            return !text.Contains('\0') ? text : throw Refuse(path, "it has characters of the code 0");
        }
        catch (DecoderFallbackException e)
        {
            int position = start + Math.Max(e.Index, 0);
            string name = encoding is UTF8Encoding ? "UTF-8" : "UTF-16";
            throw Refuse(path, $"the byte 0x{bytes[position]:X2} in line {Line(bytes, position)} is no {name}");
        }
    }

    /// <exception cref="UserException">It cannot be read, or is in another encoding.</exception>
    public static string ReadFirstLine(string path) => Read(path).Split('\n')[0].TrimEnd('\r');

    /// <summary>Reads a file of a board, which takes UTF-8 alone.</summary>
    /// <exception cref="UserException">It cannot be read, or is in another encoding.</exception>
    public static string ReadUtf8(string path) => FindEncoding(ReadBytes(path)).Encoding is UTF8Encoding
        ? Read(path)
        : throw new UserException($"{path} is UTF-16, and a board reads UTF-8: save it as UTF-8");

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: {e.Message}", e);
        }
    }

    private static (Encoding Encoding, int Start) FindEncoding(byte[] bytes) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (Utf8, 3),
        [0xFF, 0xFE, ..] => (LittleEndian, 2),
        [0xFE, 0xFF, ..] => (BigEndian, 2),
        _ => (Utf8, 0),
    };

    private static int Line(byte[] bytes, int position) => 1 + bytes.AsSpan(0, position).Count((byte)'\n');

    private static UserException Refuse(string path, string reason) =>
        new($"{path}: {reason}. UTF-8, and UTF-16 with a byte order mark, are read: save it as one of them");
}
