using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;

namespace DeviceQueue.Health
{
    /// <summary>
    /// Shows how the device is by an LED, lit when its pin is high: fast blinking for no settings, slow for safe mode,
    /// one, two, three or four flashes every two seconds for no Wi-Fi, no broker, a sensor fault and no commands, a
    /// wink every five seconds when all is well. It has no thread: the main loop calls <see cref="Poll"/>.
    /// </summary>
    public sealed class StatusLed
    {
        private const int FlashMs = 200;
        private const int RoundMs = 2000;

        private readonly IOutputPins _pins;
        private readonly int _pin;
        private readonly IFaultRecorder _faults;
        private readonly bool _isThere;
        private DeviceState _state;
        private int _step = -1;
        private bool _hasFailed;
        private long _dueMs;

        /// <summary>Opens the LED's pin, dark. A pin that cannot be opened is left alone.</summary>
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
            switch (state)
            {
                case DeviceState.NoConfiguration:
                    return "no usable settings";
                case DeviceState.SafeMode:
                    return "safe mode";
                case DeviceState.NoWifi:
                    return "no Wi-Fi";
                case DeviceState.NoBroker:
                    return "no broker";
                case DeviceState.NoCommands:
                    return "no commands";
                case DeviceState.SensorFault:
                    return "sensor fault";
                default:
                    return "all well";
            }
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

            _state = state;
            _step = isNew || _step == (2 * CountFlashes(state)) - 1 ? 0 : _step + 1;
            _dueMs = nowMs + GetStepMs(state, _step);
            Light(_step % 2 == 0);
            return _dueMs;
        }

        private static int CountFlashes(DeviceState state)
        {
            switch (state)
            {
                case DeviceState.NoBroker:
                    return 2;
                case DeviceState.SensorFault:
                    return 3;
                case DeviceState.NoCommands:
                    return 4;
                default:
                    return 1;
            }
        }

        /// <summary>Gets how long the LED is lit, dark, lit, … in a state, in milliseconds.</summary>
        private static int GetStepMs(DeviceState state, int step)
        {
            switch (state)
            {
                case DeviceState.NoConfiguration:
                    return 250;
                case DeviceState.SafeMode:
                    return 1000;
                case DeviceState.Well:
                    return step == 0 ? 50 : 4950;
                default:
                    int last = (2 * CountFlashes(state)) - 1;
                    return step < last ? FlashMs : RoundMs - (last * FlashMs);
            }
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
