using System;
using System.Threading;
using DeviceQueue.Time;

namespace DeviceQueue.Outputs
{
    /// <summary>
    /// The named outputs. Each is driven to its safe state as the bank is made, before its pin becomes an output. Safe
    /// to call from any thread: one switches, another ends pulses on time, and what changed waits until it is told, so
    /// that who tells it can never keep an output from switching.
    /// </summary>
    public sealed class OutputBank
    {
        /// <summary>
        /// How long after a pin could not be driven to its safe state it is tried again, in milliseconds.
        /// </summary>
        public const int RetryMs = 1000;

        private const long NoPulse = long.MaxValue;
        private const byte On = 1;
        private const byte Usable = 2;
        private const byte Untold = 4;
        private const byte Failed = 8;

        private readonly IOutputPins _pins;
        private readonly OutputSettings[] _outputs;
        private readonly long[] _pulseEndMs;
        private readonly byte[] _flags; // and the lock

        /// <summary>
        /// Initializes the outputs in their safe states; one whose pin cannot be opened is left alone.
        /// </summary>
        /// <param name="outputs">The outputs; names are unique.</param>
        /// <param name="pins">Their pins.</param>
        public OutputBank(OutputSettings[] outputs, IOutputPins pins)
        {
            _outputs = outputs;
            _pins = pins;
            _flags = new byte[outputs.Length];
            _pulseEndMs = new long[outputs.Length];
            for (int i = 0; i < outputs.Length; i++)
            {
                _pulseEndMs[i] = NoPulse;
                _flags[i] = (byte)((outputs[i].IsSafeOn ? On : 0) | (TryOpen(i) ? Usable : 0) | Untold);
            }
        }

        /// <summary>Gets or sets an event to set when a pulse begins, for the thread that ends pulses.</summary>
        public AutoResetEvent PulseBegun { get; set; }

        /// <summary>Gets or sets an event to set when an output changed, for the thread that tells it.</summary>
        public AutoResetEvent Changed { get; set; }

        /// <summary>Gets how many outputs there are.</summary>
        public int Count => _outputs.Length;

        /// <summary>Gets a value indicating whether a pulse runs.</summary>
        public bool IsPulsing => GetDueMs() != NoPulse;

        /// <summary>Gets a value indicating whether every output is in its safe state.</summary>
        public bool IsSafe
        {
            get
            {
                bool isSafe = true;
                for (int i = 0; i < _outputs.Length; i++)
                {
                    isSafe &= IsOn(i) == _outputs[i].IsSafeOn;
                }

                return isSafe;
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
            return (_flags[index] & On) != 0;
        }

        /// <summary>Tells whether an output's pin could be opened; otherwise what drives it throws.</summary>
        /// <param name="index">Which output.</param>
        /// <returns>Whether it can be switched.</returns>
        public bool IsUsable(int index)
        {
            return (_flags[index] & Usable) != 0;
        }

        /// <summary>
        /// Tells whether an output's state is still to be made known: at start, and after each change.
        /// </summary>
        /// <param name="index">Which output.</param>
        /// <returns>Whether <see cref="SetTold"/> has not been called for it.</returns>
        public bool IsUntold(int index)
        {
            return (_flags[index] & Untold) != 0;
        }

        /// <summary>
        /// Takes note that a state was made known; another that the output has by now stays to be told.
        /// </summary>
        /// <param name="index">Which output.</param>
        /// <param name="isOn">What was told.</param>
        public void SetTold(int index, bool isOn)
        {
            lock (_flags)
            {
                if (IsOn(index) == isOn)
                {
                    _flags[index] &= 0xFF ^ Untold;
                }
            }
        }

        /// <summary>
        /// Tells, once, that an output could not be driven to its safe state; that is tried again after
        /// <see cref="RetryMs"/>.
        /// </summary>
        /// <param name="index">Which output.</param>
        /// <returns>Whether that was so since the last call.</returns>
        public bool TakeFailure(int index)
        {
            lock (_flags)
            {
                bool hasFailed = (_flags[index] & Failed) != 0;
                _flags[index] &= 0xFF ^ Failed;
                return hasFailed;
            }
        }

        /// <summary>Switches an output; a pulse of it has ended then.</summary>
        /// <param name="index">Which output.</param>
        /// <param name="isOn">Whether it is to be on. What the pins throw goes to the caller; state and pulse are then
        /// the old ones.</param>
        public void Set(int index, bool isOn)
        {
            lock (_flags)
            {
                Drive(index, isOn);
                _pulseEndMs[index] = NoPulse;
            }
        }

        /// <summary>
        /// Takes an output out of its safe state for a time; a pulse that runs already ends at the new time.
        /// </summary>
        /// <param name="index">Which output.</param>
        /// <param name="ms">
        /// How long, from when the pin has switched until <see cref="EndPulses"/>. What the pins throw goes to the
        /// caller; state and pulse are then the old ones.
        /// </param>
        /// <param name="clock">The time.</param>
        public void Pulse(int index, int ms, IClock clock)
        {
            lock (_flags)
            {
                Drive(index, !_outputs[index].IsSafeOn);
                _pulseEndMs[index] = clock.NowMs + ms;
            }

            Signal(PulseBegun);
        }

        /// <summary>Ends the pulses that are due.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns>When the next one is due; <see cref="long.MaxValue"/> when none runs.</returns>
        public long EndPulses(long nowMs)
        {
            lock (_flags)
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
            lock (_flags)
            {
                for (int i = 0; i < _outputs.Length; i++)
                {
                    if (IsOn(i) != _outputs[i].IsSafeOn)
                    {
                        MakeSafe(i, nowMs);
                    }
                }
            }
        }

        private static void Signal(AutoResetEvent waiting)
        {
            if (waiting != null)
            {
                waiting.Set();
            }
        }

        private long GetDueMs()
        {
            lock (_flags)
            {
                long due = NoPulse;
                for (int i = 0; i < _outputs.Length; i++)
                {
                    due = _pulseEndMs[i] < due ? _pulseEndMs[i] : due;
                }

                return due;
            }
        }

        // A pin that throws must not keep the other outputs from their safe states.
        private void MakeSafe(int index, long nowMs)
        {
            try
            {
                Drive(index, _outputs[index].IsSafeOn);
                _pulseEndMs[index] = NoPulse;
            }
            catch (Exception)
            {
                _pulseEndMs[index] = nowMs + RetryMs;
                _flags[index] |= Failed;
                Signal(Changed);
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

        private void Drive(int index, bool isOn)
        {
            if (!IsUsable(index))
            {
                throw new InvalidOperationException("its pin could not be opened");
            }

            _pins.Write(_outputs[index].Pin, LevelOf(index, isOn));
            if (IsOn(index) != isOn)
            {
                _flags[index] = (byte)((_flags[index] ^ On) | Untold);
                Signal(Changed);
            }
        }

        private bool LevelOf(int index, bool isOn)
        {
            return isOn == _outputs[index].IsActiveHigh;
        }
    }
}
