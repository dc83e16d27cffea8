using DeviceQueue.Configuration;

namespace DeviceQueue.Outputs
{
    /// <summary>Gives each pin of a configuration to one use only.</summary>
    internal sealed class PinPlan
    {
        /// <summary>What stands for no pin.</summary>
        public const int None = -1;

        /// <summary>The largest number of a pin.</summary>
        public const int MaxPin = 255;

        private const int MaxUses = OutputSettings.MaxCount + 5; // the bus's two lines, LED, watchdog, battery

        private readonly IPinRules _rules;
        private readonly ConfigProblems _problems;
        private readonly int[] _pins = new int[MaxUses];
        private readonly string[] _keys = new string[MaxUses];
        private int _count;

        /// <summary>Initializes a plan.</summary>
        /// <param name="rules">What the board's pins can do, or <see langword="null"/> when each can do
        /// everything.</param>
        /// <param name="problems">Takes an error for each pin that cannot be.</param>
        public PinPlan(IPinRules rules, ConfigProblems problems)
        {
            _rules = rules;
            _problems = problems;
        }

        /// <summary>Takes a pin for an output.</summary>
        public void TakeOutput(string key, int pin)
        {
            Take(key, pin, _rules == null || pin == None ? null : _rules.WhyNotOutput(pin));
        }

        /// <summary>Takes a pin for a line of the I2C bus.</summary>
        public void TakeI2c(string key, int pin)
        {
            Take(key, pin, _rules == null ? null : _rules.WhyNotI2c(pin));
        }

        /// <summary>Takes a pin that measures the battery.</summary>
        /// <returns>Its channel; the pin's number when no board is known.</returns>
        public int TakeAdc(string key, int pin)
        {
            int channel = pin;
            Take(key, pin, _rules == null ? null : _rules.WhyNotAdc(pin, out channel));
            return channel;
        }

        private void Take(string key, int pin, string reason)
        {
            if (pin == None)
            {
                return;
            }

            string number = pin.ToString();
            for (int i = 0; i < _count && reason == null; i++)
            {
                reason = _pins[i] == pin ? _keys[i] + " is this pin already" : null;
            }

            if (reason != null)
            {
                _problems.AddError(key, number, "pin " + number + " is not allowed, " + reason);
                return;
            }

            _pins[_count] = pin;
            _keys[_count++] = key;
        }
    }
}
