using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// An outbox beside a plain account of what it was given: each message is in it, acknowledged, refused or counted as
/// dropped.
/// </summary>
internal sealed class OutboxModel
{
    private const int MaxMessages = 6;
    private const int MaxBytes = 64;
    private const int MaxInflight = 3;

    private readonly Outbox _outbox;
    private readonly PublishRequest _request = new();
    private readonly Dictionary<int, string> _inflight = [];
    private readonly List<int> _firsts = [];
    private readonly HashSet<string> _acknowledged = [];
    private long _nowMs = 1;
    private int _lastId;
    private int _accepted;
    private int _serial;

    public OutboxModel(OverflowPolicy policy)
    {
        string word = new[] { "reject", "drop_oldest", "drop_newest", "coalesce" }[(int)policy];
        _outbox = new Outbox(
            World.Read(
                $"options.max_messages={MaxMessages};options.max_bytes={MaxBytes};options.max_message_size={MaxBytes};"
                + $"options.max_inflight={MaxInflight};options.overflow={word}"),
            new AutoResetEvent(false));
    }

    public void Do(int kind, int number)
    {
        switch (kind)
        {
            case <= 3:
                Add(number);
                break;
            case <= 6:
                Take(isTaken: kind < 6);
                break;
            case <= 8:
                Answer(number, kind == 7);
                break;
            default:
                _outbox.OnLinkDown();
                _outbox.OnLinkUp();
                _inflight.Clear();
                break;
        }

        Assert.InRange(_outbox.Count, 0, MaxMessages);
        Assert.InRange(_outbox.Bytes, 0, MaxBytes);
        Assert.InRange(_inflight.Count, 0, MaxInflight);
        int dropped = _outbox.Drops[DropReason.Overflow] + _outbox.Drops[DropReason.Unconfirmed]
            + _outbox.Drops[DropReason.Replaced];
        Assert.Equal(_accepted, _outbox.Count + dropped + _acknowledged.Count);
    }

    public void Drain()
    {
        for (int i = 0; _outbox.Count > 0; i++)
        {
            Assert.True(i < 1000, "it never ends");
            Take(isTaken: true);
            Answer(i, true);
            _nowMs += RetryPolicy.MaxDelayMs;
        }
    }

    private void Add(int length)
    {
        string text = _serial++.ToString().PadRight(length % (MaxBytes + 8), '.');
        byte[] payload = Encoding.ASCII.GetBytes(text);
        if (_outbox.TryAdd("t" + (length % 3), payload, payload.Length, 1, false))
        {
            _accepted++;
        }
    }

    private void Take(bool isTaken)
    {
        if (!_outbox.TryTake(_nowMs, _request))
        {
            return;
        }

        string text = Encoding.ASCII.GetString(_request.Payload);
        Assert.DoesNotContain(text, _acknowledged);
        _outbox.OnHandedOver(isTaken ? ++_lastId : 0);
        if (!isTaken)
        {
            return;
        }

        _inflight[_lastId] = text;
        int serial = int.Parse(text.TrimEnd('.'));
        if (!_firsts.Contains(serial))
        {
            Assert.True(_firsts.Count == 0 || serial > _firsts[^1], "first deliveries are in order");
            _firsts.Add(serial);
        }
    }

    private void Answer(int number, bool isPublished)
    {
        if (_inflight.Count == 0)
        {
            return;
        }

        int id = _inflight.Keys.Order().ElementAt(number % _inflight.Count);
        int before = _outbox.Count;
        Assert.True(_outbox.OnPublished(id, isPublished, _nowMs += 1000));
        if (_outbox.Count < before)
        {
            Assert.True(isPublished && _acknowledged.Add(_inflight[id]));
        }

        _inflight.Remove(id);
    }
}
