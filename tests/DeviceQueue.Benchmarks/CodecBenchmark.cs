using BenchmarkDotNet.Attributes;
using DeviceQueue.Messaging;

namespace DeviceQueue.Benchmarks;

/// <summary>An envelope around 100 bytes, written into a given buffer and read into a given object.</summary>
[MemoryDiagnoser]
public class CodecBenchmark
{
    private readonly EnvelopeCodec _codec = new();
    private readonly MessageEnvelope _message = Load.NewMessage();
    private readonly MessageEnvelope _into = new();
    private readonly string _id = new('0', 32);
    private readonly DateTime _time = DateTime.UtcNow;
    private readonly byte[] _buffer = new byte[1024];

    [Benchmark]
    public int Encode() => _codec.Encode(_message, _id, _time, _buffer, 0);

    [Benchmark]
    public EnvelopeError Decode() => _codec.Decode(Load.Envelope, 0, Load.Envelope.Length, _into);
}
