using DeviceQueue.Configuration;
using DeviceQueue.Text;

namespace DeviceQueue.Outputs
{
    /// <summary>One output as <c>device.outputs</c> names it.</summary>
    public sealed class OutputSettings
    {
        /// <summary>The most outputs that a device has.</summary>
        public const int MaxCount = 16;

        private const int NotGiven = -2;

        /// <summary>Initializes the settings of an output.</summary>
        /// <param name="name">Its name.</param>
        /// <param name="pin">Its pin's number.</param>
        /// <param name="isActiveHigh">Whether a high level switches it on.</param>
        /// <param name="isSafeOn">Whether on is its safe state.</param>
        public OutputSettings(string name, int pin, bool isActiveHigh, bool isSafeOn)
        {
            Name = name;
            Pin = pin;
            IsActiveHigh = isActiveHigh;
            IsSafeOn = isSafeOn;
        }

        /// <summary>Initializes settings of which the configuration says nothing yet.</summary>
        internal OutputSettings()
        {
            Pin = NotGiven;
            IsActiveHigh = true;
        }

        /// <summary>Gets the name, 1 to 32 of <c>a-z A-Z 0-9 _ -</c>, that commands and topics use.</summary>
        public string Name { get; private set; }

        /// <summary>Gets the pin's number.</summary>
        public int Pin { get; private set; }

        /// <summary>Gets a value indicating whether a high level switches the output on.</summary>
        public bool IsActiveHigh { get; private set; }

        /// <summary>
        /// Gets a value indicating whether on is the safe state, in which the output is at boot and when a pulse or the
        /// broker ends.
        /// </summary>
        public bool IsSafeOn { get; private set; }

        /// <summary>Leaves out the places of a list that are empty.</summary>
        internal static OutputSettings[] Compact(OutputSettings[] list)
        {
            int count = 0;
            for (int i = 0; i < list.Length; i++)
            {
                count += list[i] == null ? 0 : 1;
            }

            OutputSettings[] result = new OutputSettings[count];
            for (int i = list.Length - 1; i >= 0; i--)
            {
                if (list[i] != null)
                {
                    result[--count] = list[i];
                }
            }

            return result;
        }

        /// <summary>Says whether an output has a setting of a name.</summary>
        internal static bool IsKnown(string name)
        {
            return name == "name" || name == "pin" || name == "active" || name == "safe";
        }

        /// <summary>Takes a value.</summary>
        internal void Take(string name, ConfigReader reader)
        {
            switch (name)
            {
                case "name":
                    Name = reader.Value;
                    break;
                case "pin":
                    Pin = reader.Integer(PinPlan.None, 0, PinPlan.MaxPin);
                    break;
                case "active":
                    IsActiveHigh = reader.Choice(1, "low,high") == 1;
                    break;
                default:
                    IsSafeOn = reader.Choice(0, "off,on") == 1;
                    break;
            }
        }

        /// <summary>Checks the whole, beside the outputs before it.</summary>
        internal static void Check(OutputSettings[] list, int place, PinPlan plan, ConfigProblems problems)
        {
            OutputSettings output = list[place];
            string key = "device.outputs." + place.ToString() + ".";
            if (!PlainText.IsName(output.Name))
            {
                problems.AddError(key + "name", output.Name, PlainText.NameRule);
            }

            for (int i = 0; i < place && output.Name != null; i++)
            {
                if (list[i] != null && list[i].Name == output.Name)
                {
                    problems.AddError(key + "name", output.Name, "another output has this name");
                }
            }

            if (output.Pin == NotGiven)
            {
                problems.AddError(key + "pin", null, "each output needs the number of its pin");
            }
            else
            {
                plan.TakeOutput(key + "pin", output.Pin);
            }
        }
    }
}
