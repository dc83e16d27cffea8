using System.Diagnostics;
using MQTTnet;
using MQTTnet.Protocol;

namespace DeviceQueue.Benchmarks;

/// <summary>MQTTnet's own client without a queue over it; its envelope is written beforehand.</summary>
internal sealed class MqttNetSubject(int port) : ISubject
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string Name => "MQTTnet";

    public double MeasureThroughput(int qos, bool envelope, double seconds)
    {
        using IMqttClient client = Connect();
        Window window = new();
        byte[] payload = envelope ? Load.Envelope : Load.Payload;
        int sent = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; sent++)
        {
            window.Enter();
            _ = PublishAsync(client, "mqttnet/load", payload, qos)
                .ContinueWith(_ => window.Leave(), TaskContinuationOptions.ExecuteSynchronously);
        }

        window.WaitUntilEmpty();
        PublishAsync(client, "mqttnet/fence", [], 1).Wait(Patience);
        return sent / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public double[] MeasureListen(int messages)
    {
        using IMqttClient client = Connect();
        using SemaphoreSlim heard = new(0);
        long received = 0;
        client.ApplicationMessageReceivedAsync += _ =>
        {
            received = Stopwatch.GetTimestamp();
            heard.Release();
            return Task.CompletedTask;
        };
        client.SubscribeAsync("mqttnet/listen").Wait(Patience);
        double[] latencies = new double[messages];
        for (int i = -Load.WarmUpMessages; i < messages; i++)
        {
            long sent = Stopwatch.GetTimestamp();
            _ = PublishAsync(client, "mqttnet/listen", Load.Envelope, 0);
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

    public bool TrySendOne(int tapPort, string topic, string text, bool envelope, Action waitForArrival) => false;

    public void Dispose()
    {
    }

    private static Task PublishAsync(IMqttClient client, string topic, byte[] payload, int qos) =>
        client.PublishAsync(new MqttApplicationMessage
        {
            Topic = topic,
            PayloadSegment = payload,
            QualityOfServiceLevel = (MqttQualityOfServiceLevel)qos,
        });

    private IMqttClient Connect()
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptions options = new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", port)
            .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V311)
            .Build();
        client.ConnectAsync(options).Wait(Patience);
        return client;
    }
}
