using System;
using System.Threading;
using DeviceQueue.Commanding;
using DeviceQueue.Platform;

namespace DeviceQueue.Esp32
{
    /// <summary>Ends pulses on time while the main loop is busy with a reading, a command or the flash.</summary>
    internal sealed class PulseTimer
    {
        private const int MaxWaitMs = 60000;

        private readonly AutoResetEvent _wake = new AutoResetEvent(false);
        private readonly OutputBank _outputs;
        private readonly IClock _clock;
        private readonly IFaultRecorder _faults;

        public PulseTimer(OutputBank outputs, IClock clock, IFaultRecorder faults)
        {
            _faults = faults;
            _outputs = outputs;
            _clock = clock;
            _outputs.Notify = _wake;
        }

        public void Start()
        {
            new Thread(Run).Start();
        }

        private void Run()
        {
            while (true)
            {
                long waitMs = Step();
                if (waitMs > 0)
                {
                    _wake.WaitOne(waitMs > MaxWaitMs ? MaxWaitMs : (int)waitMs, false);
                }
            }
        }

        private long Step()
        {
            try
            {
                long now = _clock.NowMs;
                return _outputs.Poll(now) - now;
            }
            catch (Exception e)
            {
                _faults.Record("pulse timer", e);
                return OutputBank.RetryMs; // who hears of changes failed, or the memory did: the pulse has ended or is tried again
            }
        }
    }
}
