using DeviceQueue.Text;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>The devices of a fleet, and others that are heard on the broker; for any thread.</summary>
internal sealed class FleetView
{
    // Topics are anyone's to make who may publish.
    private const int MaxDevices = 10_000;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, DeviceView> _devices = new(StringComparer.Ordinal);

    public FleetView(IEnumerable<string> known)
    {
        foreach (string id in known)
        {
            _devices.Add(id, new DeviceView(id));
        }
    }

    /// <summary>Takes a message of a device; others are left.</summary>
    public void Take(ReceivedMessage message)
    {
        string[] levels = message.Topic.Split('/', 3);
        if (levels.Length < 3 || levels[0] != "sensor" || !PlainText.IsName(levels[1]) || message.Payload.Length == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (!_devices.TryGetValue(levels[1], out DeviceView? device))
            {
                if (_devices.Count == MaxDevices)
                {
                    return;
                }

                device = new DeviceView(levels[1]);
                _devices.Add(levels[1], device);
            }

            device.Take(levels[2], message, DateTime.UtcNow);
        }
    }

    /// <summary>Looks at all devices, in order, while none changes.</summary>
    public T Look<T>(Func<IReadOnlyCollection<DeviceView>, T> look)
    {
        lock (_lock)
        {
            return look(_devices.Values);
        }
    }
}
