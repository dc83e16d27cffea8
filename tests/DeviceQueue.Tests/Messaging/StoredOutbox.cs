using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// An outbox with a file, beside a plain account of what a power cut may take from it and what not. Its messages are
/// numbered, on two topics; its storage loses its power where the test says, and then it restarts with what is left.
/// </summary>
internal sealed class StoredOutbox
{
    public const string Name = "out";

    private const int HeaderBytes = 14;

    private readonly string _options;
    private readonly PublishRequest _request = new();
    private readonly Dictionary<int, int> _inflight = [];
    private readonly SortedSet<int> _waiting = [];
    private readonly HashSet<int> _acknowledged = [];
    private readonly HashSet<int> _safe = [];
    private readonly HashSet<int> _gone = [];
    private Outbox _outbox;
    private int _serial;
    private int _lastId;
    private long _nowMs = 1000;

    public StoredOutbox(MemoryStore store, string options)
    {
        Store = store;
        _options = "options.qos=1;options.outbox=" + Name + ";options.outbox_flush_ms=0;" + options;
        _outbox = Make();
    }

    public MemoryStore Store { get; private set; }

    public Outbox Outbox => _outbox;

    /// <summary>Gets what must have survived a power cut now: flushed and not acknowledged.</summary>
    public IEnumerable<int> Safe => _safe.Except(_acknowledged).Order();

    public void Do(int kind, int number)
    {
        switch (kind)
        {
            case <= 3:
                Add(number % 60);
                break;
            case <= 5:
                Take();
                break;
            case <= 7:
                Answer(number, kind == 6);
                break;
            case 8:
                Flush();
                break;
            default:
                _outbox.OnLinkDown();
                _outbox.OnLinkUp();
                _inflight.Clear();
                break;
        }
    }

    public void Add(int length)
    {
        byte[] payload = Encoding.ASCII.GetBytes((_serial + " ").PadRight(length, '.'));
        if (_outbox.TryAdd("sensor/é/" + (_serial % 2), payload, payload.Length, 1, false))
        {
            _waiting.Add(_serial);
        }

        _serial++;
    }

    /// <summary>Flushes; what is unacknowledged then is safe.</summary>
    public bool Flush()
    {
        bool isFlushed = _outbox.Flush();
        if (isFlushed && !Store.IsOff)
        {
            _safe.Clear();
            _safe.UnionWith(_waiting);
            _gone.UnionWith(_acknowledged);
        }

        return isFlushed;
    }

    /// <summary>Takes a message to the link.</summary>
    public int? Take()
    {
        if (!_outbox.TryTake(_nowMs, _request))
        {
            return null;
        }

        int serial = SerialOf(_request.Payload);
        Assert.Equal("sensor/é/" + (serial % 2), _request.Topic);
        Assert.Contains(serial, _waiting);
        _outbox.OnHandedOver(++_lastId);
        _inflight[_lastId] = serial;
        return serial;
    }

    public void Answer(int number, bool isPublished)
    {
        if (_inflight.Count == 0)
        {
            return;
        }

        int id = _inflight.Keys.Order().ElementAt(number % _inflight.Count);
        Assert.True(_outbox.OnPublished(id, isPublished, _nowMs += 1000));
        if (isPublished)
        {
            _acknowledged.Add(_inflight[id]);
            _waiting.Remove(_inflight[id]);
        }

        _inflight.Remove(id);
    }

    /// <summary>The power fails and comes back: checks what is left in storage, and goes on with it.</summary>
    /// <param name="isInOrder">False when one that stayed unacknowledged may have lost its place.</param>
    /// <returns>What is left, in order.</returns>
    public int[] Restart(bool isInOrder = true)
    {
        Store = new MemoryStore { Files = Store.Files.ToDictionary() };
        int torn = Store.Files.Count(file => file.Key.StartsWith(Name, StringComparison.Ordinal) && IsTorn(file.Value));
        int[] left = ReadAll(new MemoryStore { Files = Store.Files.ToDictionary() });

        Assert.Equal(left.Order().Distinct(), isInOrder ? left : left.Order());
        Assert.Empty(Safe.Except(left));
        Assert.Empty(left.Except(_waiting).Except(_acknowledged.Except(_gone)));
        _outbox = Make();
        Assert.Equal((left.Length, 0), (_outbox.Count, _outbox.Drops[DropReason.Damaged]));
        Assert.InRange(_outbox.Drops[DropReason.Torn], 0, torn);
        _inflight.Clear();
        _acknowledged.ExceptWith(left);
        _waiting.Clear();
        _waiting.UnionWith(left);
        _safe.Clear();
        _safe.UnionWith(left);
        return left;
    }

    /// <summary>Sends and acknowledges all there is.</summary>
    public int[] Drain()
    {
        List<int> taken = [];
        for (int i = 0; _outbox.Count > 0; i++)
        {
            Assert.True(i < 100_000, "it never ends");
            if (Take() is { } serial)
            {
                taken.Add(serial);
            }

            Answer(0, true);
            _nowMs += RetryPolicy.MaxDelayMs;
        }

        return [.. taken];
    }

    public static int[] ReadAll(MemoryStore store)
    {
        Outbox outbox = Open(store);
        var request = new PublishRequest();
        List<int> read = [];
        while (outbox.TryTake(1000, request))
        {
            read.Add(SerialOf(request.Payload));
            outbox.OnHandedOver(read.Count);
            Assert.True(outbox.OnPublished(read.Count, true, 1000));
        }

        Assert.Equal(0, outbox.Count);
        return [.. read];
    }

    /// <summary>Opens what storage has with limits that are wide enough for all of it.</summary>
    public static Outbox Open(MemoryStore store)
    {
        string options = "options.qos=1;options.outbox=" + Name
            + ";options.max_bytes=4000;options.max_message_size=1024;options.outbox_max_bytes=65536";
        var outbox = new Outbox(World.Read(options), new AutoResetEvent(false), store);
        outbox.OnLinkUp();
        return outbox;
    }

    /// <summary>Tells, by the lengths of the records alone, whether the last of them is not whole.</summary>
    private static bool IsTorn(byte[] file)
    {
        int at = 0;
        while (at + HeaderBytes <= file.Length && at + HeaderBytes + BitConverter.ToUInt16(file, at) <= file.Length)
        {
            at += HeaderBytes + BitConverter.ToUInt16(file, at);
        }

        return at < file.Length;
    }

    private static int SerialOf(ReadOnlySpan<byte> payload) =>
        int.Parse(Encoding.ASCII.GetString(payload).Split(' ')[0]);

    private Outbox Make()
    {
        var outbox = new Outbox(World.Read(_options), new AutoResetEvent(false), Store);
        outbox.OnLinkUp();
        return outbox;
    }
}
