
namespace DeviceQueue.Settings
{
    /// <summary>Where the settings in use come from.</summary>
    public enum SettingsSource
    {
        /// <summary>There are none: the device stays offline with its outputs safe.</summary>
        None,

        /// <summary>The settings file.</summary>
        File,

        /// <summary>The settings file, with changes that commands made.</summary>
        Stored,

        /// <summary>The last settings file that was good, because the present one is missing or wrong.</summary>
        LastGood,

        /// <summary>What safe mode leaves of the settings.</summary>
        Safe,
    }
}
