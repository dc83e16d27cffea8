
namespace DeviceQueue.Health
{
    /// <summary>
    /// What is left of the commands after too many failed boots; for the settings see <see
    /// cref="Settings.SettingsLoader.UseSafeMode"/>.
    /// </summary>
    public static class SafeMode
    {
        /// <summary>Tells whether a command is taken.</summary>
        /// <param name="name">Its message_type, or <see langword="null"/>.</param>
        /// <returns>Whether it is.</returns>
        public static bool Takes(string name)
        {
            return name == "device.info" || name == "config.set";
        }
    }
}
