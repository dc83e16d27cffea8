namespace DeviceQueue.Configuring
{
    /// <summary>One output as <c>device.outputs</c> names it.</summary>
    public sealed class OutputSettings
    {
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

        /// <summary>Gets the name, 1 to 32 of <c>a-z A-Z 0-9 _ -</c>, that commands and topics use.</summary>
        public string Name { get; }

        /// <summary>Gets the pin's number.</summary>
        public int Pin { get; }

        /// <summary>Gets a value indicating whether a high level switches the output on.</summary>
        public bool IsActiveHigh { get; }

        /// <summary>Gets a value indicating whether on is the safe state, in which the output is at boot and when a pulse or the broker ends.</summary>
        public bool IsSafeOn { get; }
    }
}
