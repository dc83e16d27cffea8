namespace DeviceQueue.Configuring
{
    /// <summary>Settings with where they come from and what was wrong on the way.</summary>
    public sealed class LoadedSettings
    {
        internal LoadedSettings(SettingsSource source, ConfigProblems problems)
        {
            Source = source;
            Problems = problems;
        }

        /// <summary>Gets where the settings come from.</summary>
        public SettingsSource Source { get; }

        /// <summary>Gets why the file, or the last good one too, is not used, and the warnings.</summary>
        public ConfigProblems Problems { get; }

        /// <summary>Gets the device's settings, or <see langword="null"/> when there are none.</summary>
        public DeviceSettings Device { get; internal set; }

        /// <summary>Gets where to connect to, or <see langword="null"/> when there are no settings; commands do not change it.</summary>
        public ConnectionSettings Connection { get; internal set; }

        /// <summary>Gets all settings, stored changes and the firmware's defaults among them, or <see langword="null"/> when there are none.</summary>
        public ConfigParams Config { get; internal set; }

        /// <summary>Gets the settings of the file alone.</summary>
        internal ConfigParams FileConfig { get; set; }

        /// <summary>Gets the CRC-32 of the file.</summary>
        public uint FileCrc { get; internal set; }

        /// <summary>Gets what commands changed.</summary>
        internal ConfigParams Changes { get; set; }
    }
}
