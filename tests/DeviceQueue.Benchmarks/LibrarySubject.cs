using System.Diagnostics;
using DeviceQueue.Messaging;

namespace DeviceQueue.Benchmarks;

/// <summary>The library's MqttMessageQueue over the desktop's link.</summary>
internal sealed class LibrarySubject(int port) : ISubject
{
    /// <summary>The queue's default max_bytes, which the unread messages are measured with.</summary>
    public const int MaxBytes = 8192;

    private const int PatienceMs = 30_000;

    private int _topics;

    public string Name => "DeviceQueue";

    public double MeasureThroughput(int qos, bool envelope, double seconds)
    {
        using LibraryProgram program = OpenForLoad(qos, envelope);
        MessageEnvelope message = Load.NewMessage();
        int sent = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; sent++)
        {
            program.Window.Enter();
            program.Queue.Send(null, message);
        }

        program.WaitForBroker();
        return sent / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public double[] MeasureListen(int messages)
    {
        using LibraryProgram program = OpenSubscribed();
        SemaphoreSlim heard = new(0);
        long received = 0;
        Thread listener = new(() =>
        {
            // Each Receive is called while nothing is there yet, as a listener's loop calls it.
            while (program.Queue.Receive(null, PatienceMs) != null)
            {
                received = Stopwatch.GetTimestamp();
                heard.Release();
            }
        });
        listener.Start();
        double[] latencies = new double[messages];
        MessageEnvelope message = Load.NewMessage();
        for (int i = -Load.WarmUpMessages; i < messages; i++)
        {
            long sent = Stopwatch.GetTimestamp();
            program.Queue.Send(null, message);
            if (!heard.Wait(PatienceMs))
            {
                throw new TimeoutException("A message did not arrive.");
            }

            latencies[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(sent, received).TotalMilliseconds;
        }

        program.Queue.Close(null);
        listener.Join();
        return latencies;
    }

    public double[]? MeasureReceive(int messages)
    {
        using LibraryProgram program = OpenSubscribed();
        MessageEnvelope message = Load.NewMessage();
        Random delays = new(1);
        double[] latencies = new double[messages];
        for (int i = 0; i < messages; i++)
        {
            int delayMs = delays.Next(Load.MaxReceiveDelayMs);
            long sent = 0;
            Thread sender = new(() =>
            {
                Thread.Sleep(delayMs);
                sent = Stopwatch.GetTimestamp();
                program.Queue.Send(null, message);
            });
            sender.Start();
            if (program.Queue.Receive(null, PatienceMs) == null)
            {
                throw new TimeoutException("A message did not arrive.");
            }

            latencies[i] = Load.ElapsedMs(Volatile.Read(ref sent));
            sender.Join();
        }

        return latencies;
    }

    public long? MeasureUnread(int messages, Action<string> publishTo)
    {
        using LibraryProgram program = new(port, NewTopic(), "options.qos", "1", "options.max_bytes", $"{MaxBytes}");
        program.Start();
        long before = CollectedHeap();
        program.Queue.Subscribe(null);
        program.Fence();
        publishTo(program.Queue.Name);
        program.WaitForArrivals(messages);
        return CollectedHeap() - before;
    }

    public bool TrySendOne(int tapPort, string topic, string text, bool envelope, Action waitForArrival)
    {
        using LibraryProgram program = new(tapPort, topic, "options.serialize_envelope", envelope ? "true" : "false");
        program.Start().Queue.Send(null, new MessageEnvelope(null, null, text));
        waitForArrival();
        return true;
    }

    /// <summary>
    /// Opens a queue that takes all that may be outstanding, and a message whose acknowledgement is under way beside
    /// each.
    /// </summary>
    public LibraryProgram OpenForLoad(int qos, bool envelope) => new LibraryProgram(
        port,
        NewTopic(),
        "options.qos",
        $"{qos}",
        "options.serialize_envelope",
        envelope ? "true" : "false",
        "options.max_inflight",
        $"{Load.Outstanding}",
        "options.max_messages",
        $"{2 * Load.Outstanding}",
        "options.max_bytes",
        $"{2 * Load.Outstanding * 1024}").Start();

    public LibraryProgram OpenSubscribed()
    {
        LibraryProgram program = new(port, NewTopic(), "options.autosubscribe", "true");
        return program.Start();
    }

    public void Dispose()
    {
    }

    private static long CollectedHeap()
    {
        // What a finalizer lets go of is free only after the next collection.
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private string NewTopic() => $"library/{++_topics}";
}
