using System.Diagnostics;
using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.SystemTests.M2Mqtt;

/// <summary>A board with one MqttClient on it; every event is recorded.</summary>
internal sealed class TestClient : IDisposable
{
    public TestClient(int port, Action<MqttClient>? configure = null)
    {
        Client = Board.Run(() => new MqttClient("127.0.0.1", port, false, null, null, MqttSslProtocols.None));
        Client.MqttMsgPublished += (_, e) => Published.Add(
            new PublishedEvent(e.MessageId, e.IsPublished, Stopwatch.GetTimestamp()));
        Client.MqttMsgPublishReceived += (_, e) => Received.Add(e);
        Client.MqttMsgSubscribed += (_, e) => Subscribed.Add(e);
        Client.MqttMsgUnsubscribed += (_, e) => Unsubscribed.Add(e.MessageId);
        Client.ConnectionClosed += (_, _) => Closed.Add(Stopwatch.GetTimestamp());
        configure?.Invoke(Client);
    }

    public TestBoard Board { get; } = new();

    public MqttClient Client { get; }

    public Recorder<PublishedEvent> Published { get; } = new();

    public Recorder<MqttMsgPublishEventArgs> Received { get; } = new();

    public Recorder<MqttMsgSubscribedEventArgs> Subscribed { get; } = new();

    public Recorder<ushort> Unsubscribed { get; } = new();

    public Recorder<long> Closed { get; } = new();

    /// <summary>Connects and expects to be accepted.</summary>
    public TestClient Connected(string clientId, ushort keepalive = 60, bool cleanSession = true)
    {
        Assert.Equal(
            MqttReasonCode.Success, Board.Run(() => Client.Connect(clientId, null, null, cleanSession, keepalive)));
        return this;
    }

    public ushort Publish(string topic, string text, MqttQoSLevel qos = MqttQoSLevel.AtLeastOnce) =>
        Board.Run(() => Client.Publish(topic, System.Text.Encoding.UTF8.GetBytes(text), null, null, qos, false));

    /// <summary>Subscribes at QoS 1 and waits for the answer.</summary>
    public void Subscribe(string topic)
    {
        ushort id = Board.Run(() => Client.Subscribe([topic], [MqttQoSLevel.AtLeastOnce]));
        Subscribed.WaitFor(1, e => e.MessageId == id);
    }

    public void Dispose() => Board.Dispose();
}

/// <summary>An MqttMsgPublished event; the time is a <see cref="Stopwatch"/> timestamp.</summary>
internal sealed record PublishedEvent(ushort Id, bool IsPublished, long Time);
