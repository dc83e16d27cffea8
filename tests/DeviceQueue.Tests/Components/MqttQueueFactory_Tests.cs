using DeviceQueue.Components;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Components;

public sealed class MqttQueueFactory_Tests
{
    private readonly MqttQueueFactory _factory = new();

    [Theory]
    [InlineData("pip-services:message-queue:mqtt:readings:1.0", true)]
    [InlineData("pip-services:connection:mqtt:*:1.0", true)]
    [InlineData("pip-services:message-queue:memory:readings:1.0", false)]
    [InlineData("pip-services:queue-factory:mqtt:default:1.0", false)]
    [InlineData("other:message-queue:mqtt:readings:1.0", false)]
    public void Makes_queues_and_connections_of_mqtt_and_nothing_else(string text, bool canCreate)
    {
        Descriptor descriptor = Descriptor.FromString(text);

        Assert.Equal(canCreate, _factory.CanCreate(descriptor));
        if (!canCreate)
        {
            Assert.Throws<ArgumentException>(() => _factory.Create(descriptor));
        }
    }

    [Fact]
    public void Is_found_by_its_own_descriptor()
    {
        var references = References.FromTuples(MqttQueueFactory.FactoryDescriptor, _factory);

        Assert.Same(_factory, references.GetOptional(Descriptor.FromString("*:queue-factory:mqtt:*:1.0")));
    }

    [Fact]
    public void Queues_of_one_configuration_keep_their_unsent_messages_in_files_of_their_own()
    {
        var store = new MemoryStore();
        var platform = new MqttPlatform
        {
            DeviceId = "bar1",
            Clock = new SystemTime(),
            Random = new SeededRandom(1),
            Links = new LoopbackBroker(),
            Store = store,
        };
        _factory.Configure(
            ConfigParams.FromString("connection.host=h;options.qos=1;options.outbox=out;options.outbox_flush_ms=0"));
        _factory.SetReferences(
            References.FromTuples(Descriptor.FromString("test:platform:memory:default:1.0"), platform));
        MqttQueueComponent[] queues = [.. new[] { "one", "other" }.Select(_factory.CreateQueue)];
        Assert.All(queues, queue => queue.Open(null)); // the second of two with one file does not open

        Assert.All(queues, queue => Assert.True(queue.IsOpen));
        Assert.All(queues, queue => queue.Close(null));
    }

    [Fact]
    public void Makes_components_with_its_own_configuration_and_references_named_as_their_descriptors()
    {
        var broker = new LoopbackBroker();
        var platform = new MqttPlatform
        {
            DeviceId = "bar1",
            Clock = new SystemTime(),
            Random = new SeededRandom(1),
            Links = broker,
        };
        _factory.Configure(ConfigParams.FromString("connection.host=h;name=spare"));
        _factory.SetReferences(
            References.FromTuples(Descriptor.FromString("test:platform:memory:default:1.0"), platform));
        var queue = (MqttQueueComponent)_factory.Create(
            Descriptor.FromString("pip-services:message-queue:mqtt:readings:1.0"));
        var connection = (ConnectionComponent)_factory.Create(MqttQueueFactory.ConnectionDescriptor);
        queue.Open(null);
        connection.Open(null);
        queue.Close(null);
        connection.Close(null);

        Assert.Equal("readings", queue.Name);
        Assert.Equal("spare", _factory.CreateQueue(null).Name);
        Assert.Equal(["bar1-readings", "bar1"], broker.Attempts.Select(attempt => attempt.ClientId));
    }
}
