using DeviceQueue.Messaging;

namespace DeviceQueue.Benchmarks.Counting;

/// <summary>What one piece of work costs the interpreter, of the library's own code.</summary>
internal sealed record Cost(double Allocations, double Bytes, double Instructions);

/// <summary>Counts work that goes on in a library that is rewritten, once all that happens once has happened.</summary>
internal static class CountedWork
{
    private const int Times = 100;

    public static Cost CountEncode()
    {
        EnvelopeCodec codec = new();
        MessageEnvelope message = NewMessage();
        string id = new('0', 32);
        DateTime time = DateTime.UnixEpoch;
        byte[] buffer = new byte[1024];
        return Count(() => codec.Encode(message, id, time, buffer, 0));
    }

    public static Cost CountDecode()
    {
        EnvelopeCodec codec = new();
        byte[] envelope = new byte[1024];
        int length = codec.Encode(NewMessage(), new string('0', 32), DateTime.UnixEpoch, envelope, 0);
        MessageEnvelope message = new();
        return Count(() => codec.Decode(envelope, 0, length, message));
    }

    // What was measured on the interpreter: 5 allocations and 10,900 instructions to encode it, 32 and 21,100 to decode
    // it.
    private static MessageEnvelope NewMessage() =>
        new("123", "output.set", """{"name":"relay1","on":true}""");

    public static Cost Since(long allocations, long bytes, long instructions, int times = 1) => new(
        (double)(Tally.Allocations - allocations) / times,
        (double)(Tally.Bytes - bytes) / times,
        (double)(Tally.Instructions - instructions) / times);

    public static Cost Count(Action work)
    {
        work();
        (long allocations, long bytes, long instructions) = (Tally.Allocations, Tally.Bytes, Tally.Instructions);
        for (int i = 0; i < Times; i++)
        {
            work();
        }

        return Since(allocations, bytes, instructions, Times);
    }
}
