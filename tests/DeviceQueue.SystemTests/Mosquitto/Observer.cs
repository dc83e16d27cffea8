using System.Diagnostics;
using System.Text;
using Brokers;
using Mqtt;

namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>A message as the observer saw it; the time is a <see cref="Stopwatch"/> timestamp.</summary>
public sealed record Observed(string Topic, byte[] Payload, int Qos, bool Retain, long Time)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    public override string ToString() => $"{Topic} (QoS {Qos}{(Retain ? ", retained" : "")}): {Text}";
}

/// <summary>A client at the broker: keeps every message of its subscriptions, in order, and can publish.</summary>
public sealed class Observer : IDisposable
{
    private readonly Recorder<Observed> _messages = new();
    private readonly BrokerClient _client;

    public Observer(MosquittoBroker broker, params string[] filters)
    {
        _client = new BrokerClient(new ClientOptions { Host = broker.Host, Port = broker.Port });
        _client.MessageReceived += Keep;
        ConnectResult result = _client.Connect(Patience.Bound);
        Assert.True(result.IsAccepted, result.Text);
        if (filters.Length > 0)
        {
            Assert.NotNull(_client.SubscribeAsync(filters, 2).Bounded().GetAwaiter().GetResult());
        }
    }

    public Observed[] Messages => _messages.Items;

    /// <summary>Waits until some message, seen before or to come, is the wanted one.</summary>
    public Observed WaitFor(
        Predicate<Observed> wanted, TimeSpan? timeout = null) => _messages.WaitFor(1, wanted, timeout)[0];

    /// <summary>Waits until there are so many of the wanted messages.</summary>
    public Observed[] WaitForCount(
        Predicate<Observed> wanted, int count, TimeSpan? timeout = null) => _messages.WaitFor(count, wanted, timeout);

    /// <summary>Publishes and waits for the broker's acknowledgement.</summary>
    public void Publish(
        string topic,
        string text,
        int qos = 1,
        bool retain = false) => Publish(topic, Encoding.UTF8.GetBytes(text), qos, retain);

    public void Publish(string topic, byte[] payload, int qos = 1, bool retain = false) =>
        Assert.True(_client.PublishAsync(topic, payload, qos, retain).Bounded().GetAwaiter().GetResult());

    /// <summary>Publishes without waiting.</summary>
    public void Post(string topic, string text, int qos) =>
        _client.Publish(topic, Encoding.UTF8.GetBytes(text), qos, false);

    public void Dispose() => _client.Dispose();

    private void Keep(ReceivedMessage message) =>
        _messages.Add(
            new Observed(message.Topic, message.Payload, message.Qos, message.Retain, Stopwatch.GetTimestamp()));
}
