using DeviceQueue.Benchmarks.Heap;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Components;

namespace DeviceQueue.Tests.Heap;

/// <summary>
/// A node whose memory is that of a board without PSRAM: free is what the model of the interpreter's heap leaves of 96
/// KB.
/// </summary>
public sealed class SmallHeap_Tests
{
    private const int HeapBytes = 96 * 1024;
    private const int Pins = 2;
    private const int MinuteMs = 60_000;
    private const int HourMs = 60 * MinuteMs;

    private readonly MemoryLogger _log = new();
    private readonly Node _node;
    private readonly object[] _roots;
    private readonly int _fixedBytes;
    private int _freeBytes;
    private long _weighedMs = -MinuteMs;

    public SmallHeap_Tests()
    {
        _node = new Node(
            Node.WithKey + "device.discovery=true;device.outputs.1.name=relay2;device.outputs.1.pin=14;", log: _log);
        _roots = [_node.Device, new MqttLinkEventQueue(new AutoResetEvent(false))];
        _fixedBytes = HeapAccount.Of(_roots, Pins).Bytes - WeighObjects();
        _node.MeasureFree = MeasureFree;
        _node.World.Open();
    }

    [Theory]
    [InlineData("an hour", 1, 20 * MinuteMs)]
    [InlineData("a day", 24, 3 * HourMs)]
    public void On_96_KB_with_an_outage_commands_and_discovery_nothing_is_shed_and_nothing_lost(
        string name, int hours, int outageMs)
    {
        long endMs = _node.World.Clock.NowMs + ((long)hours * HourMs);
        CarryOutCommands(outageMs);
        _node.Broker.IsUp = false;
        _node.Broker.Drop();
        _node.World.RunFor(outageMs);
        _node.Broker.IsUp = true;
        _node.World.RunFor(MinuteMs);
        while (_node.World.Clock.NowMs < endMs)
        {
            CarryOutCommands(10 * MinuteMs);
        }

        Assert.DoesNotContain(_log.Lines, line => line.Contains("of memory free", StringComparison.Ordinal));
        long[] sequences = _node.Sequences();
        Assert.True(sequences.Length >= hours * 60, name);
        Assert.Equal(Enumerable.Range(1, (int)sequences.Max()).Select(i => (long)i), sequences.Distinct().Order());
        Assert.NotNull(_node.Broker.Retained("homeassistant/device/bar1/config"));
    }

    private void CarryOutCommands(int ms)
    {
        long endMs = _node.World.Clock.NowMs + ms;
        foreach ((string type, string arguments) in ((string, string)[])
        [
            ("output.set", """{"name":"relay1","on":true}"""), (
                "output.pulse", """{"name":"relay2","ms":500}"""), ("sensor.read", "{}"),
            ("config.get", """{"section":"device"}"""), ("config.set", """{"max_step":5}"""), ("device.info", "{}"),
        ])
        {
            Assert.Equal("succeeded", Node.Status(_node.Do(type, arguments)));
        }

        _node.World.RunFor(Math.Max(0, endMs - _node.World.Clock.NowMs));
    }

    private int WeighObjects() => ObjectWalk.Weigh(_roots, typeof(DeviceNode).Assembly).Values.Sum();

    private int MeasureFree()
    {
        if (_node.World.Clock.NowMs - _weighedMs >= MinuteMs)
        {
            _weighedMs = _node.World.Clock.NowMs;
            _freeBytes = HeapBytes - _fixedBytes - WeighObjects();
        }

        return _freeBytes;
    }
}
