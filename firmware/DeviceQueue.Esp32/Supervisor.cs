using System;
using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.NanoFramework;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;
using DeviceQueue.Time;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>
    /// The watch thread: ends pulses on time while the main loop is busy with a reading, a command or the flash, and
    /// reboots when the main loop has stalled. A stall in native code stops this thread too and is the external
    /// watchdog's.
    /// </summary>
    internal sealed class Supervisor
    {
        /// <summary>The longest that what is to be done before a reboot may take, in milliseconds.</summary>
        public const int RebootTimeoutMs = 5000;

        private const int RecordTimeoutMs = 2000;
        private const int MsPerSecond = 1000;

        private readonly FlashStore _store;
        private readonly ConsoleLogger _logger;
        private readonly IClock _clock;
        private readonly int _stallMs;
        private readonly int _checkMs;
        private readonly StallWatch _watch = new StallWatch();
        private readonly AutoResetEvent _wake = new AutoResetEvent(false);
        private Journal _journal;
        private OutputBank _outputs;
        private long _nextCheckMs;
        private IOutputPins _pins;
        private int _watchdogPin;
        private bool _isHigh;
        private bool _hasPinFailed;
        private Exception _fault;

        /// <param name="store">Where the journal is.</param>
        /// <param name="logger">The console.</param>
        /// <param name="clock">The time.</param>
        /// <param name="stallMs">How long the main loop may stand still, in milliseconds:
        /// <see cref="StallWatch.StallMs"/>, and less in tests.</param>
        public Supervisor(FlashStore store, ConsoleLogger logger, IClock clock, int stallMs)
        {
            _store = store;
            _logger = logger;
            _clock = clock;
            _stallMs = stallMs;
            _checkMs = stallMs / StallWatch.Checks;
            _nextCheckMs = clock.NowMs + _checkMs;
        }

        /// <summary>
        /// Gets what keeps why the board was rebooted, read when it is asked for: a short wake-up does without.
        /// </summary>
        public Journal Journal
        {
            get
            {
                lock (_watch)
                {
                    return _journal ??= new Journal(_store);
                }
            }
        }

        /// <summary>Starts to watch.</summary>
        public void Start()
        {
            new Thread(Run).Start();
        }

        /// <summary>Ends pulses from now on.</summary>
        public void EndPulsesOf(OutputBank outputs)
        {
            outputs.PulseBegun = _wake;
            _outputs = outputs;
        }

        /// <summary>Feeds an external watchdog with each beat from now on.</summary>
        public void FeedThrough(IOutputPins pins, int watchdogPin)
        {
            _pins = null;
            try
            {
                if (watchdogPin != DeviceSettings.NoPin)
                {
                    pins.Open(watchdogPin, false);
                    _watchdogPin = watchdogPin;
                    _pins = pins;
                }
            }
            catch (Exception e)
            {
                _logger.Log(LogLevel.Error, null, "the watchdog pin cannot be used: " + e.Message);
            }
        }

        /// <summary>
        /// Says that the main loop runs, and feeds the external watchdog. Called by the main loop alone.
        /// </summary>
        public void Beat()
        {
            _watch.Beat();
            _fault = null;
            if (_pins != null)
            {
                Feed();
            }
        }

        /// <summary>
        /// Hears why the main loop did not come to its beat, and says so; told again if it never does.
        /// </summary>
        public void NoteFault(Exception e)
        {
            _fault = e;
            try
            {
                Journal.Record("main loop", e);
                _logger.Log(LogLevel.Error, null, "main loop: " + e.ToString());
            }
            catch (Exception)
            {
                // No memory left to say it in.
            }
        }

        /// <summary>Waits on the main thread without feeding the external watchdog.</summary>
        public void Rest(int ms)
        {
            for (int left = ms; left > 0; left -= _checkMs)
            {
                _watch.Beat();
                Thread.Sleep(left < _checkMs ? left : _checkMs);
            }
        }

        private void Feed()
        {
            try
            {
                _isHigh = !_isHigh;
                _pins.Write(_watchdogPin, _isHigh);
            }
            catch (Exception e)
            {
                // If it stays so the external watchdog bites; the main loop is not to stop for it before.
                if (!_hasPinFailed)
                {
                    _hasPinFailed = true;
                    Journal.Record("watchdog pin", e);
                }
            }
        }

        private void Run()
        {
            while (true)
            {
                try
                {
                    _wake.WaitOne(Look(), false);
                }
                catch (Exception)
                {
                    // There was no memory even for the call; the thread must not end for it.
                }
            }
        }

        private int Look()
        {
            try
            {
                return Step();
            }
            catch (Exception e)
            {
                Journal.Record("watch", e);
                return OutputBank.RetryMs;
            }
        }

        // Pulses first: they end on time also while a reboot fails.
        private int Step()
        {
            long now = _clock.NowMs;
            long due = _outputs == null ? long.MaxValue : _outputs.EndPulses(now);
            if (now >= _nextCheckMs)
            {
                _nextCheckMs = now + _checkMs;
                if (_watch.HasStalled())
                {
                    Reboot();
                }
            }

            due = due < _nextCheckMs ? due : _nextCheckMs;
            return due > now ? (int)(due - now) : 0;
        }

        private void Reboot()
        {
            try
            {
                _logger.Log(LogLevel.Error, null, "the main loop has stalled: reboot");

                // The storage may be what it stalled in, and then this would wait for it, too.
                Thread record = new Thread(Record);
                record.Start();
                record.Join(RecordTimeoutMs);
            }
            finally
            {
                Power.RebootDevice(RebootTimeoutMs); // a lack of memory, too, may be why it stalled
            }
        }

        private void Record()
        {
            Exception fault = _fault;
            Journal.RecordFatal(
                "main loop",
                "stalled for " + (_stallMs / MsPerSecond).ToString() + " s"
                + (fault == null ? string.Empty : ", " + fault.GetType().Name + ": " + fault.Message));
        }
    }
}
