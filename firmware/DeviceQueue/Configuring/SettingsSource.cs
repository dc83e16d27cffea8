namespace DeviceQueue.Configuring
{
    /// <summary>Where settings come from.</summary>
    public enum SettingsSource
    {
        /// <summary>There are none: the device stays offline with its outputs safe.</summary>
        None,

        /// <summary>The settings file.</summary>
        File,

        /// <summary>The last settings file that was good, because the present one is missing or wrong.</summary>
        LastGood,
    }
}
