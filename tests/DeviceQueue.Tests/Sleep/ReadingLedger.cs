using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Tests.Mqtt;

namespace DeviceQueue.Tests.Sleep;

/// <summary>
/// Follows each measurement of a sleeping board, known by what it measured, to the broker, to a segment of the outbox
/// that is deleted with it, or to the power cut that took it; and holds what the device counts against that, start for
/// start.
/// </summary>
internal sealed partial class ReadingLedger
{
    private const int IdsAPressure = 100_000; // hundredths of hPa; then the temperature goes up by one

    private readonly SleepingBoard _board;
    private readonly List<int> _bootOf = [];
    private readonly Dictionary<long, long> _seqOf = []; // of those that were stored or arrived
    private readonly Dictionary<long, int> _arrivedAfter = []; // the number of power cuts when it arrived
    private readonly HashSet<long> _dropped = [];
    private readonly HashSet<long> _retaken = [];
    private readonly HashSet<long> _cutOff = [];
    private int _arrivals;
    private long _startId;
    private int _droppedInStart;
    private int _counted;
    private int _torn;
    private bool _isAfterCut;

    public ReadingLedger(SleepingBoard board)
    {
        _board = board;
        board.Sensor.Reading = Measure;
        board.Store.Deleting = OnDeleting;
    }

    /// <summary>Gets how many power cuts there were.</summary>
    public int Cuts { get; private set; }

    public int Measured => _bootOf.Count;

    public int Arrived => _arrivedAfter.Count;

    /// <summary>Gets how many arrived once more after a power cut.</summary>
    public int Again { get; private set; }

    /// <summary>Gets how many went with a segment of a full outbox.</summary>
    public int Dropped => _dropped.Count;

    /// <summary>Gets how many a power cut took before they were stored.</summary>
    public int CutOff => _cutOff.Count;

    /// <summary>Gets how many were measured again by the node, as the short wake-up found no place for them.</summary>
    public int Retaken => _retaken.Count;

    /// <summary>Gets how many drops a power cut took before they were stored.</summary>
    public int Forgotten { get; private set; }

    /// <summary>Gets how many torn records the device counted.</summary>
    public int Torn { get; private set; }

    /// <summary>Gets how many drops the device counted.</summary>
    public int Counted => Forgotten + CountStored(DropReason.Overflow, DropReason.Unconfirmed);

    /// <summary>Gets how many commands the device counted for which it had no room.</summary>
    public int CountedCommands => CountStored(DropReason.Arrived);

    /// <summary>Gets a value indicating whether a stored reading has not arrived.</summary>
    public bool IsWaiting => StoredIds().Any(id => !_arrivedAfter.ContainsKey(id));

    /// <summary>To be called when a start has ended in a sleep: what it lost is counted, and stored.</summary>
    public void CloseStart()
    {
        ReadArrivals();
        NoteRetaken();
        Assert.False(_board.IsMeasuredInVain && !_retaken.Contains(_startId), "it was not measured again");
        int counted = CountStored(DropReason.Overflow, DropReason.Unconfirmed);
        int torn = CountStored(DropReason.Torn);
        Assert.Equal(_droppedInStart, counted - _counted);
        Assert.InRange(torn - _torn, 0, _isAfterCut ? 1 : 0);
        int all = CountStored([.. Enumerable.Range(0, DropReason.Damaged + 1)]);
        Assert.Equal(counted + torn + CountedCommands, all); // none for another reason
        Torn += torn - _torn;
        (_counted, _torn) = (counted, torn);
        _isAfterCut = false;
        Begin();
    }

    /// <summary>To be called after a power cut, before the next start.</summary>
    public void CloseCut()
    {
        ReadArrivals();
        HashSet<long> stored = [.. StoredIds()];
        NoteRetaken();
        long[] lost =
        [
            .. Ids(_startId)
                .Where(id => !_arrivedAfter.ContainsKey(id) && !stored.Contains(id) && !_retaken.Contains(id)),
        ];
        Assert.InRange(lost.Length, 0, 1);
        _cutOff.UnionWith(lost);
        int counted = CountStored(DropReason.Overflow, DropReason.Unconfirmed);
        Assert.True(counted - _counted == 0 || counted - _counted == _droppedInStart, $"{counted - _counted} counted");
        Forgotten += _counted + _droppedInStart - counted;
        _counted = counted;
        _torn = CountStored(DropReason.Torn);
        _isAfterCut = true;
        Cuts++;
        Begin();
    }

    /// <summary>All has been sent: each measurement has arrived, or it is known where it was lost.</summary>
    public void AssertComplete()
    {
        long[] missing = [.. Ids(0).Where(id => !_arrivedAfter.ContainsKey(id))];
        Assert.Equal([.. _dropped.Union(_cutOff).Union(_retaken).Order()], missing);
        Assert.False(IsWaiting);
    }

    /// <summary>Within a boot the numbers go up by one with each measurement, whatever the sleeps.</summary>
    public void AssertNumbers()
    {
        long[] kept = [.. Ids(0).Where(id => !_retaken.Contains(id))];
        long last = 0;
        foreach (IGrouping<int, long> boot in kept.GroupBy(id => _bootOf[(int)id]))
        {
            (long Seq, bool IsThere)[] numbers =
                [.. boot.Select(id => (_seqOf.GetValueOrDefault(id), _seqOf.ContainsKey(id)))];
            Assert.All(numbers[..^1], number => Assert.True(number.IsThere));
            long[] there = [.. numbers.Where(number => number.IsThere).Select(number => number.Seq)];
            Assert.Equal([.. Enumerable.Range(0, there.Length).Select(i => there[0] + i)], there);
            Assert.InRange(there.FirstOrDefault(last + 1), last + 1, long.MaxValue);
            last = there.LastOrDefault(last);
        }
    }

    private void Begin()
    {
        _startId = Measured;
        _droppedInStart = 0;
    }

    private void NoteRetaken()
    {
        if (_board.IsMeasuredInVain && Measured > _startId + 1)
        {
            _retaken.Add(_startId);
        }
    }

    private void Measure()
    {
        int id = Measured;
        _bootOf.Add(Cuts);
        _board.Sensor.PressureHPa = id % IdsAPressure / 100.0;
        _board.Sensor.TemperatureC = 20 + (id / IdsAPressure / 100.0);
    }

    private IEnumerable<long> Ids(long first)
    {
        for (long id = first; id < Measured; id++)
        {
            yield return id;
        }
    }

    private void OnDeleting(string name)
    {
        if (!IsOutbox(name))
        {
            return;
        }

        ReadArrivals();
        HashSet<long> elsewhere = [.. StoredIds(name)];
        foreach (long id in Read(_board.Store.Files[name]))
        {
            if (!_arrivedAfter.ContainsKey(id) && !elsewhere.Contains(id))
            {
                Assert.True(_dropped.Add(id));
                _droppedInStart++;
            }
        }
    }

    private void ReadArrivals()
    {
        List<Arrival> arrivals = _board.Broker.Arrivals;
        for (; _arrivals < arrivals.Count; _arrivals++)
        {
            if (arrivals[_arrivals] is { Topic: "sensor/bar1/temperature", IsRepeat: false } arrival)
            {
                long id = Read(arrival.Payload).Single();
                Again += _arrivedAfter.ContainsKey(id) ? 1 : 0;
                Assert.True(_arrivedAfter.GetValueOrDefault(id, -1) < Cuts, $"{id} arrived again without a power cut");
                _arrivedAfter[id] = Cuts;
            }
        }
    }

    private IEnumerable<long> StoredIds(string? except = null) => _board.Store.Files
        .Where(file => IsOutbox(file.Key) && file.Key != except)
        .SelectMany(file => Read(file.Value));

    private static bool IsOutbox(string name) => name.StartsWith("outbox.", StringComparison.Ordinal);

    // A reading that is cut off has no closing brace.
    private List<long> Read(byte[] data)
    {
        List<long> ids = [];
        foreach (Match reading in Reading().Matches(Encoding.Latin1.GetString(data)))
        {
            double temperature = double.Parse(reading.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            double pressure = double.Parse(reading.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
            long id = (long)Math.Round(pressure * 100) + ((long)Math.Round((temperature - 20) * 100) * IdsAPressure);
            long seq = long.Parse(reading.Groups[3].ValueSpan, CultureInfo.InvariantCulture);
            Assert.Equal(seq, _seqOf.GetValueOrDefault(id, seq));
            _seqOf[id] = seq;
            ids.Add(id);
        }

        return ids;
    }

    private int CountStored(params int[] reasons)
    {
        Counts dropped = new Journal(_board.Store).Dropped;
        return reasons.Sum(reason => dropped[reason]);
    }

    [GeneratedRegex("""\{"msg":[^{}]*"temperature":([^,]*),[^{}]*"pressure":([^,]*),"seq":(\d+),[^{}]*\}""")]
    private static partial Regex Reading();
}
