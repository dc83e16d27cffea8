using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>A client at a fleet's broker, with any credentials; keeps what comes.</summary>
internal sealed class FleetClient : IDisposable
{
    private readonly BrokerClient _client;
    private readonly Recorder<string> _heard = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FleetClient(ClientOptions options)
    {
        _client = new BrokerClient(options);
        _client.MessageReceived += Hear;
        _client.Disconnected += _ => _gone.TrySetResult();
        Result = _client.Connect(Patience.Bound);
    }

    public ConnectResult Result { get; }

    /// <summary>Gets or sets what is published on each message, a JSON object: a topic and a payload.</summary>
    public Func<JsonNode, (string Topic, JsonNode Payload)>? Answer { get; set; }

    public string[] Heard => _heard.Items;

    /// <summary>Gets a task that ends when the broker ends the connection.</summary>
    public Task Gone => _gone.Task.WaitAsync(Patience.Bound, TestContext.Current.CancellationToken);

    public static ClientOptions Options(Fleet fleet, int port, string? name, string? password) => new()
    {
        Host = "127.0.0.1",
        Port = port,
        Username = name,
        Password = password,
        Tls = new TlsOptions { Authorities = File.ReadAllBytes(fleet.PathOf("ca", "ca.crt")) },
    };

    public static ClientOptions Device(Fleet fleet, string id) =>
        Options(fleet, fleet.DevicesPort, id, fleet.Password(id)) with { ClientId = id };

    /// <summary>Gives a device that has a certificate.</summary>
    public static ClientOptions WithCertificate(Fleet fleet, string id)
    {
        ClientOptions device = Device(fleet, id);
        byte[] Read(string file) => File.ReadAllBytes(fleet.PathOf("devices", id, file));
        return device with { Tls = device.Tls! with { Certificate = Read("client.crt"), Key = Read("client.key") } };
    }

    public static ClientOptions Operator(Fleet fleet, string name)
    {
        JsonNode file = JsonNode.Parse(fleet.Read("operators", name, "operator.json"))!;
        return Options(fleet, fleet.OperatorsPort, name, file["credential"]!["password"]!.ToString());
    }

    public static FleetClient Connect(ClientOptions options, params string[] filters)
    {
        FleetClient client = new(options);
        Assert.True(client.Result.IsAccepted, client.Result.Text);
        if (filters.Length > 0)
        {
            Assert.NotNull(client._client.SubscribeAsync(filters, 1).Bounded().GetAwaiter().GetResult());
        }

        return client;
    }

    /// <summary>Subscribes to what it may get or not.</summary>
    public void TrySubscribe(string[] filters) =>
        _client.SubscribeAsync(filters, 1).Bounded().GetAwaiter().GetResult();

    /// <summary>Publishes and waits for the acknowledgement, which Mosquitto gives for what it drops, too.</summary>
    public void Publish(string topic, string text, bool retain = false) =>
        Publish(topic, Encoding.UTF8.GetBytes(text), retain);

    public void Publish(string topic, byte[] payload, bool retain = false) =>
        Assert.True(_client.PublishAsync(topic, payload, 1, retain).Bounded().GetAwaiter().GetResult());

    public void WaitForAny() => _heard.WaitFor(1);

    public void WaitFor(string message) => _heard.WaitFor(1, heard => heard == message);

    public void Dispose() => _client.Dispose();

    private void Hear(ReceivedMessage message)
    {
        string text = Encoding.UTF8.GetString(message.Payload);
        _heard.Add($"{message.Topic} {text}");
        if (Answer != null)
        {
            (string topic, JsonNode payload) = Answer(JsonNode.Parse(text)!);
            _client.Publish(topic, Encoding.UTF8.GetBytes(payload.ToJsonString()), 1, retain: false);
        }
    }
}
