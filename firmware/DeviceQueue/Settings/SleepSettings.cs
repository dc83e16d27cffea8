using DeviceQueue.Configuration;

namespace DeviceQueue.Settings
{
    /// <summary>How a device sleeps between readings: <c>device.sleep</c> and what belongs to it.</summary>
    public sealed class SleepSettings
    {
        /// <summary>The time between readings when the configuration says nothing, in milliseconds.</summary>
        public const int DefaultIntervalMs = 300000;

        /// <summary>The longest time that a command may wait, in milliseconds: 49 hours.</summary>
        public const int MaxTtlMs = 176400000;

        /// <summary>The longest time between two connects, in milliseconds.</summary>
        public const int MaxPauseMs = DeviceSettings.DayMs;

        /// <summary>The longest time between two attempts to connect after a failed one, in milliseconds.</summary>
        public const int MaxRetryMs = 3600000;

        // What the configuration gave, where a device that sleeps has other defaults.
        internal const int IntervalFlag = 1;
        internal const int TtlFlag = 2;
        internal const int CleanSessionFlag = 4;

        private const int MinuteMs = 60000;
        private const int MaxAwakeTtlMs = 3600000;

        // The flash, in thousandths of a block of 4 KB: 48 free blocks of the 64 that the storage of a 4 MB chip has
        // bear 100,000 erasures each, spread over ten years. A write erases one, and its two notes in the directory
        // fill a fifteenth of one. A reading is one write, a connect another one, with a segment that goes. Some 60
        // blocks a day are for the clock's floor, the counts and a few commands.
        private const int BlocksADay = (48 * 100000 / 3650) - 60;
        private const int ReadingMilliblocks = 1067;
        private const int ConnectMilliblocks = 1100;

        private bool _hasOwnTtl;

        /// <summary>Gets a value indicating whether the device sleeps.</summary>
        public bool IsOn { get; private set; }

        /// <summary>Gets how long it stays awake after the last thing that came, 0 to 60,000 ms.</summary>
        public int AwakeMs { get; private set; } = 1000;

        /// <summary>Gets at which reading it connects, 1: at each, to 86,400.</summary>
        public int ConnectEvery { get; private set; } = 1;

        /// <summary>Gets the shortest time between readings with which the flash lasts ten years.</summary>
        public int LeastIntervalMs
        {
            get
            {
                int milliblocks = ReadingMilliblocks + (ConnectMilliblocks / ConnectEvery);
                int least = (int)((long)DeviceSettings.DayMs * milliblocks / BlocksADay / 1000);
                return (least + 999) / 1000 * 1000;
            }
        }

        internal bool TryTake(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "device.sleep":
                    IsOn = reader.Boolean(IsOn);
                    return true;
                case "device.awake_ms":
                    AwakeMs = reader.Integer(AwakeMs, 0, MinuteMs);
                    return true;
                case "device.connect_every":
                    ConnectEvery = reader.Integer(ConnectEvery, 1, DeviceSettings.DayMs / 1000);
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>
        /// Fills in what a device that sleeps has for defaults, or drops what one that is awake has no use for, and
        /// checks that the whole can sleep.
        /// </summary>
        /// <param name="given">What the configuration gave, see the flags.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        internal static void Check(DeviceSettings device, int given, ConfigProblems problems)
        {
            SleepSettings sleep = device.Sleep;
            if (sleep == null || !sleep.IsOn)
            {
                device.Sleep = null;
                if (device.CommandTtlMs > MaxAwakeTtlMs)
                {
                    string most = "without device.sleep, at most " + MaxAwakeTtlMs.ToString() + " is allowed";
                    problems.AddError("device.command_ttl_ms", device.CommandTtlMs.ToString(), most);
                }

                return;
            }

            device.IntervalMs = (given & IntervalFlag) != 0 ? device.IntervalMs : DefaultIntervalMs;
            sleep._hasOwnTtl = (given & TtlFlag) != 0;
            CheckInterval(device, problems);
            CheckPins(device, problems);
        }

        /// <summary>Checks the interval against the flash's life, and lets commands wait as long as connects.</summary>
        internal static void CheckInterval(DeviceSettings device, ConfigProblems problems)
        {
            SleepSettings sleep = device.Sleep;
            if (sleep == null || !sleep.IsOn)
            {
                device.Sleep = null;
                return;
            }

            int leastMs = sleep.LeastIntervalMs;
            if (device.IntervalMs < leastMs)
            {
                string rule = "with device.sleep at least " + leastMs.ToString()
                    + " is needed, so that the flash lasts ten years";
                problems.AddError("device.interval_ms", device.IntervalMs.ToString(), rule);
            }

            device.CommandTtlMs = sleep._hasOwnTtl ? device.CommandTtlMs : sleep.GetTtlMs(device.IntervalMs);
        }

        internal SleepSettings Copy()
        {
            return (SleepSettings)MemberwiseClone();
        }

        // Two of the longest pauses between connects to be expected.
        private int GetTtlMs(int intervalMs)
        {
            long pauseMs = (long)ConnectEvery * intervalMs;
            pauseMs = pauseMs < MaxRetryMs ? MaxRetryMs : pauseMs > MaxPauseMs ? MaxPauseMs : pauseMs;
            return (int)(2 * pauseMs) + MinuteMs;
        }

        private static void CheckPins(DeviceSettings device, ConfigProblems problems)
        {
            if (device.WatchdogPin != DeviceSettings.NoPin)
            {
                const string Unfed = "not allowed with device.sleep: nothing feeds a watchdog while the board sleeps";
                problems.AddError("device.watchdog_pin", device.WatchdogPin.ToString(), Unfed);
            }

            for (int i = 0; i < device.Outputs.Length; i++)
            {
                if (device.Outputs[i].IsSafeOn)
                {
                    const string Floats = "not allowed with device.sleep: no pin is driven while the board sleeps";
                    problems.AddError("device.outputs." + i.ToString() + ".safe", "on", Floats);
                }
            }
        }
    }
}
