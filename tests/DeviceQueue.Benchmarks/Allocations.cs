using DeviceQueue.Messaging;

namespace DeviceQueue.Benchmarks;

/// <summary>
/// Bytes that the library allocates for one message, each after a warm-up that has compiled everything.
/// </summary>
internal static class Allocations
{
    private const int PatienceMs = 30_000;
    private const int Messages = 10_000;

    public static double MeasureEncode()
    {
        EnvelopeCodec codec = new();
        MessageEnvelope message = Load.NewMessage();
        string id = new('0', 32);
        DateTime time = DateTime.UtcNow;
        byte[] buffer = new byte[1024];
        return MeasureHere(() => codec.Encode(message, id, time, buffer, 0));
    }

    public static double MeasureDecode()
    {
        EnvelopeCodec codec = new();
        MessageEnvelope message = new();
        return MeasureHere(() => codec.Decode(Load.Envelope, 0, Load.Envelope.Length, message));
    }

    /// <summary>
    /// Measures on the thread that sends, and in the whole program: the connection's thread and the link's too.
    /// </summary>
    public static (double Sender, double Program) MeasureSend(LibrarySubject library)
    {
        using LibraryProgram program = library.OpenForLoad(1, true);
        MessageEnvelope message = Load.NewMessage();
        void Send()
        {
            program.Window.Enter();
            program.Queue.Send(null, message);
        }

        Repeat(Send);
        long all = GC.GetTotalAllocatedBytes(precise: true);
        long here = GC.GetAllocatedBytesForCurrentThread();
        Repeat(Send);
        here = GC.GetAllocatedBytesForCurrentThread() - here;
        all = GC.GetTotalAllocatedBytes(precise: true) - all;
        return ((double)here / Messages, (double)all / Messages);
    }

    /// <summary>Measures on the thread that receives.</summary>
    public static double MeasureReceive(LibrarySubject library)
    {
        using LibraryProgram program = library.OpenSubscribed();
        MessageEnvelope message = Load.NewMessage();
        long bytes = 0;
        Repeat(() =>
        {
            program.Queue.Send(null, message);
            long before = GC.GetAllocatedBytesForCurrentThread();
            MessageEnvelope? received = program.Queue.Receive(null, PatienceMs);
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            GC.KeepAlive(received);
        });
        return (double)bytes / Messages;
    }

    private static double MeasureHere(Action action)
    {
        Repeat(action);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(action);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Messages;
    }

    private static void Repeat(Action action)
    {
        for (int i = 0; i < Messages; i++)
        {
            action();
        }
    }
}
