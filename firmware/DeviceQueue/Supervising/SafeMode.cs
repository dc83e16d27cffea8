using DeviceQueue.Commanding;

namespace DeviceQueue.Supervising
{
    /// <summary>
    /// What is left of the commands after too many failed boots; for the settings see <see
    /// cref="Settings.SettingsLoader.UseSafeMode"/>.
    /// </summary>
    public static class SafeMode
    {
        /// <summary>Leaves out the commands that are not taken.</summary>
        /// <param name="commands">All commands.</param>
        /// <returns>What is left of them.</returns>
        public static Command[] Reduce(Command[] commands)
        {
            Command[] kept = new Command[commands.Length];
            int count = 0;
            for (int i = 0; i < commands.Length; i++)
            {
                if (commands[i].Name == "device.info" || commands[i].Name == "config.set")
                {
                    kept[count++] = commands[i];
                }
            }

            Command[] result = new Command[count];
            System.Array.Copy(kept, result, count);
            return result;
        }
    }
}
