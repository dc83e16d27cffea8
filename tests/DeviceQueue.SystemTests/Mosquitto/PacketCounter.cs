using System.Diagnostics;

namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>The MQTT packet types that tests count (MQTT 3.1.1, table 2.1).</summary>
public enum PacketType
{
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Subscribe = 8,
    Suback = 9,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
}

/// <summary>Counts the packets that went one way.</summary>
public sealed class PacketCounter
{
    private readonly int[] _counts = new int[16];

    public int this[PacketType type]
    {
        get
        {
            lock (_counts)
            {
                return _counts[(int)type];
            }
        }
    }

    /// <summary>Waits until so many packets of a type have passed.</summary>
    public void WaitFor(PacketType type, int count)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_counts)
        {
            while (_counts[(int)type] < count)
            {
                TimeSpan left = Patience.Bound - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_counts, left))
                {
                    Assert.Fail(
                        $"{_counts[(int)type]} of {count} {type} packets within {Patience.Bound.TotalSeconds} s.");
                }
            }
        }
    }

    internal void Add(PacketType type)
    {
        lock (_counts)
        {
            _counts[(int)type]++;
            Monitor.PulseAll(_counts);
        }
    }
}
