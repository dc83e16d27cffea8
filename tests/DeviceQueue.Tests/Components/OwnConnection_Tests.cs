using System.Runtime.CompilerServices;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Messaging;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Components;

/// <summary>
/// Queues that are made by name, configured and opened as the documents of Pip.Services show, each driven by a thread
/// of its own.
/// </summary>
public sealed class OwnConnection_Tests : IDiscovery, IDisposable
{
    private const int PatienceMs = 30000;
    private const string Basics = "connection.protocol=mqtt;connection.host=localhost;connection.port=1883;";

    private readonly LoopbackBroker _broker = new();
    private readonly MemoryLogger _log = new();
    private readonly MemoryCounters _counters = new();
    private readonly MemoryStore _store = new();
    private readonly List<MqttQueueComponent> _queues = [];
    private string? _discovered;

    [Fact]
    public void Sends_and_receives_as_the_documents_show()
    {
        var queue = new MqttQueueComponent("myqueue");
        queue.Configure(ConfigParams.FromTuples(
            "topic", "mytopic",
            "connection.protocol", "mqtt",
            "connection.host", "localhost",
            "connection.port", "1883",
            "options.autosubscribe", "true"));
        queue.SetReferences(Everything());
        queue.Open("123");
        queue.Send("123", new MessageEnvelope(null, "mymessage", "ABC"));
        MessageEnvelope message = queue.Receive("123", PatienceMs);
        queue.Close("123");

        Assert.Equal(
            ("mymessage", "ABC", "mytopic"), (message.MessageType, message.GetMessageAsString(), message.Topic));
        Assert.Equal(
            ("localhost", 1883, "bar1-myqueue"),
            (_broker.Attempts[0].Host, _broker.Attempts[0].Port, _broker.Attempts[0].ClientId));
        Assert.Equal(0, _broker.OpenLinks);
        Assert.False(queue.IsOpen);
        Assert.Equal(1, _counters.Counts["queue.myqueue.sent_messages"]);
        Assert.Equal(1, _counters.Counts["queue.myqueue.received_messages"]);
    }

    [Fact]
    public void Sends_a_text_in_an_envelope_of_its_own()
    {
        MqttQueueComponent queue = Open("q", Basics + "options.autosubscribe=true;options.qos=1");
        queue.SendAsObject("123", "output.set", "{\"on\":true}");
        MessageEnvelope message = queue.Receive(null, PatienceMs);

        Assert.Equal(
            ("123", "output.set", "{\"on\":true}"),
            (message.CorrelationId, message.MessageType, message.GetMessageAsString()));
    }

    [Fact]
    public void Publishes_with_the_qos_and_the_retain_mark_of_its_options()
    {
        MqttQueueComponent queue = Open(
            "q", Basics + "options.qos=2;options.retain=true;options.serialize_envelope=false");
        World.Send(queue, "0");
        queue.Close(null);

        var (topic, payload, qos, retain) = Assert.Single(_broker.Published);
        Assert.Equal(("q", "0", 2, true), (topic, System.Text.Encoding.UTF8.GetString(payload), qos, retain));
    }

    [Theory]
    [InlineData("given", "name=n;id=i;topic=t", "given", "t")]
    [InlineData(null, "name=n;id=i;topic=t", "n", "t")]
    [InlineData(null, "name=n;id=i", "n", "n")]
    [InlineData(null, "id=i", "i", "i")]
    [InlineData(null, "topic=t", "t", "t")]
    [InlineData("sensor/+/temperature", "", "sensor/+/temperature", "sensor/+/temperature")]
    public void Takes_name_and_topic_from_the_constructor_or_the_configuration(
        string? name, string config, string expectedName, string expectedTopic)
    {
        var queue = new MqttQueueComponent(name);
        queue.Configure(ConfigParams.FromString(config));

        Assert.Equal((expectedName, expectedTopic), (queue.Name, queue.Topic));
    }

    [Fact]
    public void Has_the_name_of_its_last_configuration_when_it_is_configured_anew()
    {
        var queue = new MqttQueueComponent();
        queue.Configure(ConfigParams.FromString("topic=t"));
        queue.Configure(ConfigParams.FromString("name=n"));

        Assert.Equal(("n", "n"), (queue.Name, queue.Topic));
    }

    [Theory]
    [InlineData("", "bar1-q")]
    [InlineData("device.id=other;", "other-q")]
    [InlineData("client_id=mine;", "mine")]
    public void Has_a_client_id_of_its_own_and_never_one_by_chance(string config, string clientId)
    {
        Open("q", Basics + config);

        Assert.Equal(clientId, Assert.Single(_broker.Attempts).ClientId);
    }

    [Theory]
    [InlineData("sensor/bar1/temperature", "bar1-sensor.bar1.temperature")]
    [InlineData("sensor/+/temperature", "bar1-sensor._2b.temperature")]
    [InlineData("sensor/#", "bar1-sensor._23")]
    [InlineData("$SYS/zähler 1", "bar1-_24SYS.z_c3_a4hler_201")]
    [InlineData("A-Z.a_z.0-9", "bar1-A-Z_2ea__z_2e0-9")]
    public void Has_a_client_id_without_the_characters_that_only_a_topic_has(string topic, string clientId)
    {
        Open(null, Basics + "topic=" + topic); // a queue without a name has that of its topic
        Open(topic, Basics);

        Assert.Equal([clientId, clientId], _broker.Attempts.Select(attempt => attempt.ClientId));
    }

    [Theory]
    [InlineData("a/b", "a.b")]
    [InlineData("a+b", "a_b")]
    [InlineData("a_2eb", "a.b")]
    [InlineData("a__b", "a_b")]
    [InlineData("a#", "a-")]
    public void Two_queues_of_one_device_have_two_client_ids(string one, string other)
    {
        Open(one, Basics + "topic=t");
        Open(other, Basics + "topic=t");

        Assert.Equal(2, _broker.Attempts.Select(attempt => attempt.ClientId).Distinct().Count());
    }

    [Fact]
    public void Two_queues_do_not_write_over_each_other_s_file()
    {
        References references = Everything();
        MqttQueueComponent one = Make("one", Basics + "options.outbox=out", references);
        MqttQueueComponent other = Make("other", Basics + "options.outbox=out", references);
        one.Open(null);

        string message = Assert.Throws<ConfigException>(() => other.Open(null)).Message;
        Assert.Contains("options.outbox is \"out\": queue one has this file; each queue needs one of its own", message);
        one.Close(null);
        other.Open(null);
        Assert.Throws<ConfigException>(() => one.Open(null));
    }

    [Fact]
    public void A_closed_queue_with_a_file_is_held_by_nothing()
    {
        WeakReference queue = OpenAndClose(Basics + "options.outbox=out");

        Assert.True(SpinWait.SpinUntil(() => IsGone(queue), PatienceMs));
    }

    [Fact]
    public void Connects_as_its_settings_say()
    {
        _store.Files["ca.pem"] = World.Utf8("-----BEGIN CERTIFICATE-----");
        Open(
            "q",
            "connection.uri=mqtts://u:p@h:8884;tls.ca=ca.pem;options.clean_session=false;"
            + "options.keepalive_timeout=2001;will.topic=gone;will.payload=x;will.qos=1;will.retain=true");

        MqttLinkOptions options = Assert.Single(_broker.Attempts);
        Assert.Equal(
            ("h", 8884, true, "u", "p"),
            (options.Host, options.Port, options.IsSecure, options.Username, options.Password));
        Assert.Equal((false, 3), (options.CleanSession, options.KeepAliveSeconds));
        Assert.Equal(
            ("gone", "x", 1, true), (options.WillTopic, options.WillPayload, options.WillQos, options.WillRetain));
        Assert.Equal(World.Utf8("-----BEGIN CERTIFICATE-----\0"), options.CaCertificate);
    }

    [Theory]
    [InlineData("", ConfigException.NoConnection)]
    [InlineData("connection.discovery_key=unknown", ConfigException.NoConnection)]
    [InlineData("connection.host=h;connection.protocol=amqp", ConfigException.NoProtocol)]
    [InlineData("connection.protocol=mqtt;connection.port=1883", ConfigException.NoHost)]
    [InlineData("connection.host=h;connection.port=none", ConfigException.NoPort)]
    [InlineData("connection.host=h;credential.password=p", ConfigException.BadValue)]
    [InlineData("connection.host=h;will.topic=a/#", ConfigException.BadValue)]
    public void Says_what_its_configuration_lacks_and_can_then_be_configured_anew(string config, string code)
    {
        MqttQueueComponent queue = Make("q", config);

        Assert.Equal(code, Assert.Throws<ConfigException>(() => queue.Open(null)).Code);
        Assert.False(queue.IsOpen);
        Assert.Empty(_broker.Attempts);
        queue.Configure(ConfigParams.FromString(Basics));
        queue.Open(null);
    }

    [Theory]
    [InlineData("options.qos=3")]
    [InlineData("options.keepalive_timeout=0")]
    [InlineData("topic=a/#/b")]
    public void Refuses_a_bad_value_at_once(string config)
    {
        var queue = new MqttQueueComponent("q");

        var exception = Assert.Throws<ConfigException>(() => queue.Configure(ConfigParams.FromString(config)));
        Assert.Equal(ConfigException.BadValue, exception.Code);
        Assert.Contains(config.Split('=')[0], exception.Message);
    }

    [Fact]
    public void Needs_a_name_or_a_topic_and_a_device_id_or_a_client_id()
    {
        Assert.Throws<ConfigException>(() => new MqttQueueComponent().Configure(ConfigParams.FromString(Basics)));
        var queue = new MqttQueueComponent("q");
        queue.Configure(ConfigParams.FromString(Basics));
        queue.SetReferences(Everything(id: null));

        Assert.Contains("client_id", Assert.Throws<ConfigException>(() => queue.Open(null)).Message);
    }

    [Fact]
    public void Needs_a_platform()
    {
        var queue = new MqttQueueComponent("q");
        queue.Configure(ConfigParams.FromString(Basics));

        Assert.Equal(
            InvalidStateException.NoPlatform, Assert.Throws<InvalidStateException>(() => queue.Open(null)).Code);
        queue.SetReferences(
            References.FromTuples(Descriptor.FromString("test:platform:half:*:1.0"), new MqttPlatform()));
        Assert.Equal(
            InvalidStateException.NoPlatform, Assert.Throws<InvalidStateException>(() => queue.Open(null)).Code);
    }

    [Fact]
    public void Warns_of_a_key_that_nobody_knows()
    {
        Open("q", Basics + "options.qoss=1");

        Assert.Single(_log.Lines, line => line.Contains("options.qoss"));
    }

    [Theory]
    [InlineData("options.retry_connect=true")]
    [InlineData("options.retry_connect=false")]
    public void A_refused_open_says_why_and_leaves_nothing_behind(string config)
    {
        _broker.Connack = _ => new(MqttLinkError.Refused, 5, null);
        MqttQueueComponent queue = Make("q", Basics + config);
        var exception = Assert.Throws<ConnectionException>(() => queue.Open(null));

        Assert.Equal(ConnectionException.ConnectFailed, exception.Code);
        Assert.Contains("CONNACK 5 (not authorized)", exception.Message);
        Assert.False(queue.IsOpen);
        Assert.Throws<InvalidStateException>(() => World.Send(queue, "0"));
        _broker.Connack = _ => new(MqttLinkError.None, 0, null);
        queue.Open(null);
        Assert.Equal(2, _broker.Attempts.Length);
        Assert.True(queue.IsConnected);
    }

    [Fact]
    public void Tries_each_broker_once_before_it_gives_up()
    {
        _broker.Connack = options => new(options.Host == "b" ? MqttLinkError.None : MqttLinkError.Tcp, 0, null);
        Open("q", "connections.0.host=a;connections.1.host=b;options.reconnect_timeout=1");
        Assert.Equal(["a", "b"], _broker.Attempts.Select(attempt => attempt.Host));

        _broker.Connack = _ => new(MqttLinkError.Dns, 0, null);
        MqttQueueComponent queue = Make(
            "other", "connections.0.host=a;connections.1.host=b;options.reconnect_timeout=1");
        Assert.Contains("b:1883: DNS", Assert.Throws<ConnectionException>(() => queue.Open(null)).Message);
        Assert.Equal(4, _broker.Attempts.Length);
    }

    [Fact]
    public void Waits_no_longer_than_connect_timeout_and_closes_the_link_that_comes_too_late()
    {
        _broker.Gate.Reset();
        MqttQueueComponent queue = Make("q", Basics + "options.connect_timeout=50;options.autosubscribe=true");
        var exception = Assert.Throws<ConnectionException>(() => queue.Open(null));
        Assert.Contains("connect_timeout", exception.Message);
        _broker.Gate.Set();

        Assert.True(_broker.Closed.Wait(PatienceMs, TestContext.Current.CancellationToken));
        Assert.Equal((0, 1), (_broker.OpenLinks, _broker.Attempts.Length));
    }

    [Fact]
    public void Is_subscribed_when_open_returns_if_it_subscribes_by_itself()
    {
        Open("t", Basics + "options.autosubscribe=true");

        Assert.Equal(["t"], _broker.Filters);
    }

    [Fact]
    public void Opens_again_and_sends_what_was_left()
    {
        MqttQueueComponent queue = Open("t", Basics + "options.autosubscribe=true;options.serialize_envelope=false");
        queue.Close(null);
        queue.Close(null);
        Assert.Empty(_broker.Filters);
        queue.Open(null);
        queue.Open(null);
        World.Send(queue, "0");

        Assert.Equal("0", queue.Receive(null, PatienceMs).GetMessageAsString());
        Assert.Equal(2, _broker.Attempts.Length);
    }

    [Fact]
    public void Asks_discovery_anew_each_time_it_is_opened()
    {
        _discovered = "one";
        MqttQueueComponent queue = Open("t", "connection.discovery_key=main");
        queue.Close(null);
        _discovered = "two";
        queue.Open(null);

        Assert.Equal(["one", "two"], _broker.Attempts.Select(attempt => attempt.Host));
    }

    [Fact]
    public void Says_that_it_was_never_open_to_one_that_subscribes_or_listens()
    {
        var queue = new MqttQueueComponent("q");

        AssertNotOpened(() => queue.Subscribe(null));
        AssertNotOpened(() => queue.BeginListen(null, new Receiver()));
        AssertNotOpened(() => queue.Peek(null));
        AssertNotOpened(() => queue.Send(null, null!));
        queue.EndListen(null);
        queue.Clear(null);
        queue.Close(null);
        Assert.Equal((null, 0), (queue.Filter, queue.ReadMessageCount()));
    }

    [Fact]
    public void Stays_with_what_it_was_opened_with()
    {
        MqttQueueComponent queue = Open("t", Basics);
        queue.Close(null);

        Assert.Equal(
            InvalidStateException.AlreadyOpened,
            Assert.Throws<InvalidStateException>(() => queue.Configure(new ConfigParams())).Code);
        Assert.Equal(
            InvalidStateException.AlreadyOpened,
            Assert.Throws<InvalidStateException>(() => queue.SetReferences(Everything())).Code);
        queue.UnsetReferences();
        queue.Open(null);
        World.Send(queue, "0");
        Assert.Empty(_counters.Counts);
    }

    [Fact]
    public void A_receiver_on_the_connections_thread_may_close_the_queue()
    {
        MqttQueueComponent queue = Open("t", Basics + "options.autosubscribe=true");
        queue.BeginListen(null, new Receiver((_, from) => from.Close(null)));
        World.Send(queue, "0");

        Assert.True(_broker.Closed.Wait(PatienceMs, TestContext.Current.CancellationToken));
        Assert.False(queue.IsOpen);
    }

    [Fact]
    public void Shares_a_connection_that_is_among_its_references()
    {
        var connection = new ConnectionComponent();
        connection.Configure(ConfigParams.FromString(Basics));
        connection.SetReferences(Everything());
        References references = Everything();
        references.Put(MqttQueueFactory.ConnectionDescriptor, connection);
        MqttQueueComponent one = Make("one", "options.autosubscribe=true", references);
        MqttQueueComponent other = Make("other", "topic=sensor/+;options.autosubscribe=true;topik=x", references);
        Assert.Equal(
            InvalidStateException.NoConnection, Assert.Throws<InvalidStateException>(() => one.Open(null)).Code);
        connection.Open(null);
        one.Open(null);
        other.Open(null);
        one.Send(null, new MessageEnvelope(null, null, "0"));
        other.Send(null, new MessageEnvelope(null, null, "1") { Topic = "one" });

        Assert.Equal("bar1", Assert.Single(_broker.Attempts).ClientId);
        Assert.Equal(
            ["0", "1"],
            new[] { one.Receive(null, PatienceMs), one.Receive(null, PatienceMs) }
                .Select(message => message.GetMessageAsString())
                .Order());
        Assert.Single(_log.Lines, line => line.Contains("topik"));
        one.Close(null);
        Assert.True(connection.IsOpen && other.IsConnected);
        connection.Close(null);
        Assert.False(connection.IsOpen || other.IsConnected);
        Assert.Equal(0, _broker.OpenLinks);
    }

    [Fact]
    public void Refuses_qos_2_on_a_shared_connection_that_keeps_its_session()
    {
        var connection = new ConnectionComponent();
        connection.Configure(ConfigParams.FromString(Basics + ";options.clean_session=false"));
        connection.SetReferences(Everything());
        References references = Everything();
        references.Put(MqttQueueFactory.ConnectionDescriptor, connection);
        MqttQueueComponent queue = Make("one", "options.qos=2", references);
        connection.Open(null);

        var error = Assert.Throws<ConfigException>(() => queue.Open(null));
        Assert.Contains("options.qos", error.Message);
        Assert.Contains("0 or 1 is allowed", error.Message);
        Assert.False(queue.IsOpen);
        connection.Close(null);
    }

    public void Dispose()
    {
        foreach (MqttQueueComponent queue in _queues)
        {
            queue.Close(null);
        }
    }

    ConnectionParams? IDiscovery.ResolveOne(string correlationId, string key) =>
        _discovered is null ? null : new ConnectionParams(_discovered, 1883, false);

    private static void AssertNotOpened(Action action) => Assert.Equal(
        InvalidStateException.NotOpened, Assert.Throws<InvalidStateException>(action).Code);

    private MqttQueueComponent Open(string? name, string config)
    {
        MqttQueueComponent queue = Make(name, config);
        queue.Open(null);
        return queue;
    }

    private MqttQueueComponent Make(string? name, string config, References? references = null)
    {
        var queue = new MqttQueueComponent(name);
        queue.Configure(ConfigParams.FromString(config));
        queue.SetReferences(references ?? Everything());
        _queues.Add(queue);
        return queue;
    }

    private static bool IsGone(WeakReference reference)
    {
        GC.Collect();
        return !reference.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference OpenAndClose(string config)
    {
        var queue = new MqttQueueComponent("q");
        queue.Configure(ConfigParams.FromString(config));
        queue.SetReferences(Everything(broker: new LoopbackBroker()));
        queue.Open(null);
        queue.Close(null);
        return new WeakReference(queue);
    }

    private References Everything(string? id = "bar1", LoopbackBroker? broker = null)
    {
        var platform = new MqttPlatform
        {
            DeviceId = id,
            Clock = new SystemTime(),
            Random = new SeededRandom(1),
            Store = _store,
            Links = broker ?? _broker,
        };
        return References.FromTuples(
            Descriptor.FromString("test:platform:memory:default:1.0"), platform,
            Descriptor.FromString("test:logger:memory:default:1.0"), _log,
            Descriptor.FromString("test:counters:memory:default:1.0"), _counters,
            Descriptor.FromString("test:discovery:memory:default:1.0"), this);
    }
}
