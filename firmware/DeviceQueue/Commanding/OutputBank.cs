using System;
using System.Threading;
using DeviceQueue.Settings;

namespace DeviceQueue.Commanding
{
    /// <summary>Hears of an output that changed.</summary>
    /// <param name="index">Which output.</param>
    public delegate void OutputChanged(int index);

    /// <summary>
    /// The named outputs. Each is driven to its safe state as the bank is made, before its pin becomes an output. Safe to call from any thread: a pulse is to end on
    /// time whatever the one that began it does meanwhile.
    /// </summary>
    public sealed class OutputBank
    {
        /// <summary>How long after a pin could not be driven to its safe state it is tried again, in milliseconds.</summary>
        public const int RetryMs = 1000;

        private const long NoPulse = long.MaxValue;

        private readonly object _lock = new object();
        private readonly IOutputPins _pins;
        private readonly OutputSettings[] _outputs;
        private readonly bool[] _isOn;
        private readonly bool[] _isUsable;
        private readonly long[] _pulseEndMs;

        /// <summary>Initializes a new instance of the <see cref="OutputBank"/> class and drives every output to its safe state; one whose pin cannot be opened is left alone.</summary>
        /// <param name="outputs">The outputs; names are unique.</param>
        /// <param name="pins">Their pins.</param>
        public OutputBank(OutputSettings[] outputs, IOutputPins pins)
        {
            _outputs = outputs;
            _pins = pins;
            _isOn = new bool[outputs.Length];
            _isUsable = new bool[outputs.Length];
            _pulseEndMs = new long[outputs.Length];
            for (int i = 0; i < outputs.Length; i++)
            {
                _isOn[i] = outputs[i].IsSafeOn;
                _pulseEndMs[i] = NoPulse;
                _isUsable[i] = TryOpen(i);
            }
        }

        /// <summary>Raised after an output took another state.</summary>
        public event OutputChanged Changed;

        /// <summary>Raised after an output could not be driven to its safe state; that is tried again after <see cref="RetryMs"/>.</summary>
        public event OutputChanged Failed;

        /// <summary>Gets or sets an event to set whenever a pulse begins, for one that waits for its end.</summary>
        public AutoResetEvent Notify { get; set; }

        /// <summary>Gets how many outputs there are.</summary>
        public int Count => _outputs.Length;

        /// <summary>Gets a value indicating whether a pulse runs.</summary>
        public bool IsPulsing => GetDueMs() != NoPulse;

        /// <summary>Gets a value indicating whether every output is in its safe state.</summary>
        public bool IsSafe
        {
            get
            {
                lock (_lock)
                {
                    bool isSafe = true;
                    for (int i = 0; i < _outputs.Length; i++)
                    {
                        isSafe &= _isOn[i] == _outputs[i].IsSafeOn;
                    }

                    return isSafe;
                }
            }
        }

        /// <summary>Finds an output.</summary>
        /// <param name="name">Its name.</param>
        /// <returns>Its index, or -1 when there is none of that name.</returns>
        public int Find(string name)
        {
            for (int i = 0; i < _outputs.Length; i++)
            {
                if (_outputs[i].Name == name)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Gets an output's name.</summary>
        /// <param name="index">Which output.</param>
        /// <returns>The name.</returns>
        public string GetName(int index)
        {
            return _outputs[index].Name;
        }

        /// <summary>Gets an output's state.</summary>
        /// <param name="index">Which output.</param>
        /// <returns>Whether it is on, whatever level that is.</returns>
        public bool IsOn(int index)
        {
            return _isOn[index];
        }

        /// <summary>Tells whether an output's pin could be opened; otherwise whatever would drive it throws.</summary>
        /// <param name="index">Which output.</param>
        /// <returns>Whether it can be switched.</returns>
        public bool IsUsable(int index)
        {
            return _isUsable[index];
        }

        /// <summary>Switches an output; a pulse of it has ended then.</summary>
        /// <param name="index">Which output.</param>
        /// <param name="isOn">Whether it is to be on; what the pins throw goes to the caller, and state and pulse are then the old ones.</param>
        public void Set(int index, bool isOn)
        {
            lock (_lock)
            {
                Drive(index, isOn, NoPulse);
            }
        }

        /// <summary>Takes an output out of its safe state until a time; a pulse that runs already ends at the new time.</summary>
        /// <param name="index">Which output.</param>
        /// <param name="endMs">When <see cref="Poll"/> ends the pulse; what the pins throw goes to the caller, and state and pulse are then the old ones.</param>
        public void Pulse(int index, long endMs)
        {
            lock (_lock)
            {
                Drive(index, !_outputs[index].IsSafeOn, endMs);
            }

            if (Notify != null)
            {
                Notify.Set();
            }
        }

        /// <summary>Ends the pulses that are due.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns>When the next one is due; <see cref="long.MaxValue"/> when none runs.</returns>
        public long Poll(long nowMs)
        {
            lock (_lock)
            {
                for (int i = 0; i < _outputs.Length; i++)
                {
                    if (_pulseEndMs[i] <= nowMs)
                    {
                        MakeSafe(i, nowMs);
                    }
                }

                return GetDueMs();
            }
        }

        /// <summary>Drives every output to its safe state; pulses have ended then.</summary>
        /// <param name="nowMs">The time.</param>
        public void MakeSafe(long nowMs)
        {
            lock (_lock)
            {
                for (int i = 0; i < _outputs.Length; i++)
                {
                    if (_isOn[i] != _outputs[i].IsSafeOn)
                    {
                        MakeSafe(i, nowMs);
                    }
                }
            }
        }

        private long GetDueMs()
        {
            lock (_lock)
            {
                long due = NoPulse;
                for (int i = 0; i < _outputs.Length; i++)
                {
                    due = _pulseEndMs[i] < due ? _pulseEndMs[i] : due;
                }

                return due;
            }
        }

        /// <summary>Drives one output to its safe state; a pin that throws must not keep the others from theirs.</summary>
        private void MakeSafe(int index, long nowMs)
        {
            try
            {
                Drive(index, _outputs[index].IsSafeOn, NoPulse);
            }
            catch (Exception)
            {
                _pulseEndMs[index] = nowMs + RetryMs;
                if (Failed != null)
                {
                    Failed(index);
                }
            }
        }

        private bool TryOpen(int index)
        {
            try
            {
                _pins.Open(_outputs[index].Pin, LevelOf(index, _outputs[index].IsSafeOn));
                return true;
            }
            catch (Exception)
            {
                return false;
            }
        }

        private void Drive(int index, bool isOn, long pulseEndMs)
        {
            if (!_isUsable[index])
            {
                throw new InvalidOperationException("its pin could not be opened");
            }

            bool isChange = _isOn[index] != isOn;
            _pins.Write(_outputs[index].Pin, LevelOf(index, isOn));
            _isOn[index] = isOn;
            _pulseEndMs[index] = pulseEndMs;
            if (isChange && Changed != null)
            {
                Changed(index);
            }
        }

        private bool LevelOf(int index, bool isOn)
        {
            return isOn == _outputs[index].IsActiveHigh;
        }
    }
}
