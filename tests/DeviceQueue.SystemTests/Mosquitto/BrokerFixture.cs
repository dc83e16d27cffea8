using Brokers;

namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>One broker for all tests of a class; a test that harms its broker starts one of its own.</summary>
public sealed class BrokerFixture : IDisposable
{
    private int _lastId;

    public MosquittoBroker Broker { get; } = MosquittoBroker.Start();

    /// <summary>A name that no other test of the class uses, for a client id or a topic.</summary>
    public string NewName() => $"test-{Interlocked.Increment(ref _lastId)}";

    public void Dispose() => Broker.Dispose();
}
