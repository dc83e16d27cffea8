using System;
using System.Threading;
using DeviceQueue.Health;
using DeviceQueue.Time;

namespace DeviceQueue.Esp32
{
    /// <summary>
    /// What the main thread does once it has started: drives the node, the status LED and the watchdog, and goes on
    /// after what they throw.
    /// </summary>
    internal sealed class MainLoop
    {
        private const int MaxWaitMs = 1000;
        private const int FaultPauseMs = 1000;

        private readonly DeviceNode _node;
        private readonly StatusLed _led;
        private readonly Supervisor _supervisor;
        private readonly IClock _clock;

        public MainLoop(DeviceNode node, StatusLed led, Supervisor supervisor, IClock clock)
        {
            _node = node;
            _led = led;
            _supervisor = supervisor;
            _clock = clock;
        }

        /// <summary>Gets the event that ends the wait for the next turn.</summary>
        public AutoResetEvent Wake => _node.Wake;

        /// <summary>Does what is due.</summary>
        /// <returns>How long to wait before the next turn, in milliseconds.</returns>
        public int Turn()
        {
            try
            {
                return Step();
            }
            catch (Exception e)
            {
                _supervisor.NoteFault(e);
                Thread.Sleep(FaultPauseMs);
                return 0;
            }
        }

        private int Step()
        {
            long due = _node.Poll();
            long ledDue = _led.Poll(_node.State, _clock.NowMs);
            _supervisor.Beat(); // not before: a loop that fails each time stands still, too
            long waitMs = (ledDue < due ? ledDue : due) - _clock.NowMs;
            return waitMs < 0 ? 0 : waitMs > MaxWaitMs ? MaxWaitMs : (int)waitMs;
        }
    }
}
