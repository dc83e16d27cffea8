using System.Diagnostics;
using DeviceQueue.Messaging;

namespace DeviceQueue.Benchmarks;

/// <summary>What all subjects are given to do.</summary>
internal static class Load
{
    public const int Outstanding = 64;
    public const int PayloadBytes = 100;

    /// <summary>Messages sent before latencies count.</summary>
    public const int WarmUpMessages = 200;

    /// <summary>
    /// A Receive is under way for up to so long when its message is sent; a client that polls must not be hit in step.
    /// </summary>
    public const int MaxReceiveDelayMs = 100;

    public static readonly byte[] Payload = [.. Enumerable.Range(0, PayloadBytes).Select(i => (byte)('a' + (i % 26)))];

    /// <summary>The payload in an envelope of the library's.</summary>
    public static readonly byte[] Envelope = Encode();

    public static MessageEnvelope NewMessage() => new("123", "reading", Payload);

    public static double ElapsedMs(long start) => Stopwatch.GetElapsedTime(start).TotalMilliseconds;

    private static byte[] Encode()
    {
        byte[] buffer = new byte[1024];
        int length = new EnvelopeCodec().Encode(NewMessage(), new string('0', 32), DateTime.UnixEpoch, buffer, 0);
        return buffer[..length];
    }
}
