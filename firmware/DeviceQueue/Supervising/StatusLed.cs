using System;
using DeviceQueue.Commanding;
using DeviceQueue.Platform;
using DeviceQueue.Settings;

namespace DeviceQueue.Supervising
{
    /// <summary>
    /// Shows how the device is by an LED, lit when its pin is high: fast blinking for no settings, slow for safe mode, one, two, three or four flashes every two seconds for
    /// no Wi-Fi, no broker, a sensor fault and no commands, a wink every five seconds when all is well. It has no thread: whoever drives it calls <see cref="Poll"/>.
    /// </summary>
    public sealed class StatusLed
    {
        private static readonly string[] Words = { "no configuration", "safe mode", "no Wi-Fi", "no broker", "no commands", "sensor fault", "all well" };

        // For each state how long the LED is lit, dark, lit, …, in milliseconds; then from the start.
        private static readonly short[][] Patterns =
        {
            new short[] { 250, 250 },
            new short[] { 1000, 1000 },
            new short[] { 200, 1800 },
            new short[] { 200, 200, 200, 1400 },
            new short[] { 200, 200, 200, 200, 200, 200, 200, 600 },
            new short[] { 200, 200, 200, 200, 200, 1000 },
            new short[] { 50, 4950 },
        };

        private readonly IOutputPins _pins;
        private readonly int _pin;
        private readonly IFaultRecorder _faults;
        private readonly bool _isThere;
        private DeviceState _state;
        private int _step = -1;
        private bool _hasFailed;
        private long _dueMs;

        /// <summary>Initializes a new instance of the <see cref="StatusLed"/> class, dark. A pin that cannot be opened is left alone.</summary>
        /// <param name="pins">The pins.</param>
        /// <param name="pin">The LED's, or <see cref="DeviceSettings.NoPin"/>.</param>
        /// <param name="faults">Hears once of a pin that cannot be driven.</param>
        public StatusLed(IOutputPins pins, int pin, IFaultRecorder faults)
        {
            _faults = faults;
            _pins = pins;
            _pin = pin;
            try
            {
                if (pin != DeviceSettings.NoPin)
                {
                    pins.Open(pin, false);
                    _isThere = true;
                }
            }
            catch (Exception)
            {
                // A light that does not shine is no reason to stop.
            }
        }

        /// <summary>Says a state in words.</summary>
        /// <param name="state">The state.</param>
        /// <returns>Two words or so.</returns>
        public static string Describe(DeviceState state)
        {
            return Words[(int)state];
        }

        /// <summary>Shows a state; a new one starts with its pattern's first flash.</summary>
        /// <param name="state">How the device is.</param>
        /// <param name="nowMs">The time.</param>
        /// <returns>The time by which to call again.</returns>
        public long Poll(DeviceState state, long nowMs)
        {
            if (!_isThere)
            {
                return long.MaxValue;
            }

            bool isNew = _step < 0 || state != _state;
            if (!isNew && nowMs < _dueMs)
            {
                return _dueMs;
            }

            short[] pattern = Patterns[(int)state];
            _state = state;
            _step = isNew ? 0 : (_step + 1) % pattern.Length;
            _dueMs = nowMs + pattern[_step];
            Light(_step % 2 == 0);
            return _dueMs;
        }

        private void Light(bool isLit)
        {
            try
            {
                _pins.Write(_pin, isLit);
            }
            catch (Exception e)
            {
                // Recorded once, because it may be so for ever, and tried again with the pattern's next step.
                if (!_hasFailed)
                {
                    _hasFailed = true;
                    _faults.Record("status LED", e);
                }
            }
        }
    }
}
