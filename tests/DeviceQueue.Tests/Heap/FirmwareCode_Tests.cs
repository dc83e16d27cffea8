using DeviceQueue.Benchmarks.Heap;
using DeviceQueue.Readings;

namespace DeviceQueue.Tests.Heap;

/// <summary>Which objects of a program the account of its memory sees: this assembly is the program.</summary>
public sealed class FirmwareCode_Tests : IDisposable
{
    private static object[] _any = [];
    private static InArray[] _array = [];
    private static Part _part = new HeavyPart();

    private readonly FirmwareCode _code = new("DeviceQueue", "DeviceQueue.Tests");

    [Fact]
    public void What_an_array_holds_or_a_thread_runs_on_is_weighed()
    {
        Dictionary<string, int> bytes = _code.WeighObjects(new HashSet<string>());

        Assert.Contains(NameOf<InArray>(), bytes);
        Assert.Contains(NameOf<OnThread>(), bytes);
        Assert.DoesNotContain(NameOf<InNothing>(), bytes);
    }

    [Fact]
    public void Of_the_kinds_of_a_sensor_the_heaviest_is_weighed_and_of_others_all()
    {
        Dictionary<string, int> bytes = _code.WeighObjects(new HashSet<string>());

        Assert.Contains(NameOf<LightPart>(), bytes);
        Assert.Contains(NameOf<HeavyPart>(), bytes);
        Assert.DoesNotContain(NameOf<LightSensor>(), bytes);
        Assert.Contains(NameOf<HeavySensor>(), bytes);
    }

    public void Dispose() => _code.Dispose();

    /// <summary>Only read, never run.</summary>
    internal static void Start(ISensor[] sensors)
    {
        _array = [new InArray()];
        _any = [_array, _part, new InNothing()];
        _part = new LightPart();
        sensors[0] = new LightSensor();
        sensors[1] = new HeavySensor();
        new Thread(new OnThread().Run).Start();
        GC.KeepAlive(_any);
    }

    private static string NameOf<T>() => typeof(T).FullName!.Replace('+', '/');

    private abstract class Part;

    private abstract class Sensor : ISensor
    {
        public string Description => "";

        public int Address => 0;

        public SensorState Read(Reading reading) => SensorState.Ok;
    }

    private sealed class InArray;

    private sealed class InNothing;

    private sealed class OnThread
    {
        public void Run()
        {
            while (Thread.CurrentThread.IsAlive)
            {
                Thread.Yield();
            }
        }
    }

    private sealed class LightPart : Part;

    private sealed class HeavyPart : Part
    {
        public long Weight { get; set; } = 1;
    }

    private sealed class LightSensor : Sensor;

    private sealed class HeavySensor : Sensor
    {
        public long Weight { get; set; } = 1;
    }
}
