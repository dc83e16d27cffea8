using System.Diagnostics;
using System.Text;
using DeviceQueue.Messaging;
using Mosquitto;

namespace DeviceQueue.Benchmarks;

/// <summary>libmosquitto without a queue over it; its envelope is written beforehand.</summary>
internal sealed class BareSubject(int port) : ISubject
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string Name => "libmosquitto";

    public double MeasureThroughput(int qos, bool envelope, double seconds)
    {
        using MosquittoClient client = new(Options(port));
        Window window = new();
        client.Published += _ => window.Leave();
        Connect(client);
        byte[] payload = envelope ? Load.Envelope : Load.Payload;
        int sent = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; sent++)
        {
            window.Enter();
            client.Publish("bare/load", payload, qos, false);
        }

        window.WaitUntilEmpty();
        client.PublishAsync("bare/fence", [], 1, false).Wait(Patience);
        return sent / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public double[] MeasureListen(int messages)
    {
        using MosquittoClient client = new(Options(port));
        SemaphoreSlim heard = new(0);
        long received = 0;
        client.MessageReceived += _ =>
        {
            received = Stopwatch.GetTimestamp();
            heard.Release();
        };
        Connect(client);
        client.SubscribeAsync(["bare/listen"], 0).Wait(Patience);
        double[] latencies = new double[messages];
        for (int i = -Load.WarmUpMessages; i < messages; i++)
        {
            long sent = Stopwatch.GetTimestamp();
            client.Publish("bare/listen", Load.Envelope, 0, false);
            if (!heard.Wait(Patience))
            {
                throw new TimeoutException("A message did not arrive.");
            }

            latencies[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(sent, received).TotalMilliseconds;
        }

        return latencies;
    }

    public double[]? MeasureReceive(int messages) => null;

    public long? MeasureUnread(int messages, Action<string> publishTo) => null;

    public void SendOne(int tapPort, string topic, string text, bool envelope, Action waitForArrival)
    {
        using MosquittoClient client = new(Options(tapPort));
        Connect(client);
        client.Publish(topic, envelope ? Encode(text) : Encoding.UTF8.GetBytes(text), 0, false);
        waitForArrival();
    }

    public void Dispose()
    {
    }

    private static byte[] Encode(string text)
    {
        byte[] buffer = new byte[1024];
        int length = new EnvelopeCodec()
            .Encode(new MessageEnvelope(null, null, text), new string('0', 32), DateTime.UnixEpoch, buffer, 0);
        return buffer[..length];
    }

    private static MosquittoOptions Options(int port) => new() { Host = "127.0.0.1", Port = port };

    private static void Connect(MosquittoClient client)
    {
        ConnectResult result = client.Connect(Patience);
        if (!result.IsAccepted)
        {
            throw new InvalidOperationException(result.Text);
        }
    }
}
