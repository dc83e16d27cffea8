using System.Diagnostics;

namespace Mqtt;

/// <summary>
/// Says when to ask the broker for a sign of life (MQTT 3.1.1 section 3.1.2.10), and when it gave none.
/// </summary>
/// <param name="interval">Zero asks for none.</param>
internal sealed class Keepalive(TimeSpan interval)
{
    private long _lastRead = Stopwatch.GetTimestamp();
    private long _lastWritten = Stopwatch.GetTimestamp();
    private long _pingedAt;

    internal long LastRead => Volatile.Read(ref _lastRead);

    internal long LastWritten => Volatile.Read(ref _lastWritten);

    /// <summary>Gets how long nothing has to be done.</summary>
    internal TimeSpan Left
    {
        get
        {
            if (interval == TimeSpan.Zero)
            {
                return TimeSpan.MaxValue;
            }

            long since = _pingedAt != 0 ? _pingedAt : Math.Min(_lastRead, _lastWritten);
            TimeSpan left = interval - Stopwatch.GetElapsedTime(since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    internal void OnRead()
    {
        Volatile.Write(ref _lastRead, Stopwatch.GetTimestamp());
        _pingedAt = 0;
    }

    internal void OnWritten() => Volatile.Write(ref _lastWritten, Stopwatch.GetTimestamp());

    /// <summary>Tells whether PINGREQ is due.</summary>
    /// <exception cref="IOException">The last one found no answer.</exception>
    internal bool IsPingDue()
    {
        if (Left > TimeSpan.Zero)
        {
            return false;
        }

        if (_pingedAt != 0)
        {
            throw new IOException("The broker gave no sign of life.");
        }

        _pingedAt = Stopwatch.GetTimestamp();
        return true;
    }
}
