using System.Collections;

namespace DeviceQueue.Configuring
{
    /// <summary>Gives each pin of a configuration to one use only.</summary>
    internal sealed class PinPlan
    {
        /// <summary>What stands for no pin.</summary>
        public const int None = -1;

        private const int MaxPin = 255;

        private readonly IPinRules _rules;
        private readonly Hashtable _uses = new Hashtable();

        /// <summary>Initializes a plan.</summary>
        /// <param name="rules">What the board's pins can do, or <see langword="null"/> when each can do everything.</param>
        public PinPlan(IPinRules rules)
        {
            _rules = rules;
        }

        /// <summary>Reads a pin that will be an output.</summary>
        /// <param name="reader">Where it is read from.</param>
        /// <param name="key">The key without the reader's prefix.</param>
        /// <returns>The pin, or <see cref="None"/> when it is absent or refused.</returns>
        public int ReadOutput(ConfigReader reader, string key)
        {
            int pin = reader.Integer(key, None, 0, MaxPin);
            return Take(reader, key, pin, _rules == null || pin == None ? null : _rules.WhyNotOutput(pin));
        }

        /// <summary>Reads a pin that will be a line of the I2C bus.</summary>
        /// <param name="reader">Where it is read from.</param>
        /// <param name="key">The key without the reader's prefix.</param>
        /// <param name="fallback">What stands for an absent value.</param>
        /// <returns>The pin, or <see cref="None"/> when it is refused.</returns>
        public int ReadI2c(ConfigReader reader, string key, int fallback)
        {
            int pin = reader.Integer(key, fallback, 0, MaxPin);
            return Take(reader, key, pin, _rules == null ? null : _rules.WhyNotI2c(pin));
        }

        private int Take(ConfigReader reader, string key, int pin, string reason)
        {
            if (pin == None)
            {
                return None;
            }

            string number = pin.ToString();
            string user = (string)_uses[number];
            if (reason == null && user != null)
            {
                reason = user + " is this pin already";
            }

            if (reason != null)
            {
                reader.Refuse(key, "pin " + number + " is not allowed, " + reason);
                return None;
            }

            _uses[number] = reader.Name(key);
            return pin;
        }
    }
}
