using System.Collections;
using DeviceQueue.Json;

namespace DeviceQueue.Configuring
{
    /// <summary>The settings below <c>device.</c>, checked. Times are in milliseconds; 0 stands for never, none or off where a comment says so.</summary>
    public sealed class DeviceSettings
    {
        /// <summary>How many outputs a device has at most.</summary>
        public const int MaxOutputs = 16;

        /// <summary>How long the names of devices and outputs may be.</summary>
        public const int MaxNameLength = 32;

        /// <summary>What stands for no pin.</summary>
        public const int NoPin = PinPlan.None;

        /// <summary>The length of a day, which limits most times.</summary>
        public const int DayMs = 86400000;

        private const int MinKeyBytes = 32;
        private const int MaxKeyBytes = 64;
        private const int MaxHostLength = 253;
        private const string NameRule = "1 to 32 of A-Z a-z 0-9 _ - are allowed";

        private static readonly string[] OutputKeys = { "name", "pin", "active", "safe" };
        private static readonly string[] ActiveWords = { "low", "high" };
        private static readonly string[] SafeWords = { "off", "on" };
        private static readonly string[] AddressWords = { "0", "118", "119", "0x76", "0x77" };
        private static readonly int[] Addresses = { 0, 0x76, 0x77, 0x76, 0x77 };

        private DeviceSettings()
        {
        }

        /// <summary>Gets the id, 1 to 32 of <c>A-Z a-z 0-9 _ -</c>.</summary>
        public string Id { get; private set; }

        /// <summary>Gets the key of signed commands, 32 to 64 bytes, or <see langword="null"/>.</summary>
        public byte[] CommandKey { get; private set; }

        /// <summary>Gets the time between samplings, 1,000 to 86,400,000 ms.</summary>
        public int IntervalMs { get; private set; }

        /// <summary>Gets the least change that is published, 0 to 100 °C; 0: each reading is.</summary>
        public double ReportDelta { get; private set; }

        /// <summary>Gets the time after which a reading is published without a change, 1,000 to 86,400,000 ms.</summary>
        public int ReportAtLeastMs { get; private set; }

        /// <summary>Gets what is added to the measured temperature, -50 to 50 °C.</summary>
        public double TemperatureOffset { get; private set; }

        /// <summary>Gets the greatest plausible change between two samplings, 0 to 100 °C; 0: any.</summary>
        public double MaxStep { get; private set; }

        /// <summary>Gets a value indicating whether the device announces itself to Home Assistant.</summary>
        public bool IsDiscoveryOn { get; private set; }

        /// <summary>Gets the sensor's I2C address, 0x76 or 0x77; 0: it is looked for.</summary>
        public int SensorAddress { get; private set; }

        /// <summary>Gets the pin of the I2C bus's data line.</summary>
        public int I2cDataPin { get; private set; }

        /// <summary>Gets the pin of the I2C bus's clock line.</summary>
        public int I2cClockPin { get; private set; }

        /// <summary>Gets the outputs, at most <see cref="MaxOutputs"/>, in the order of the file.</summary>
        public OutputSettings[] Outputs { get; private set; }

        /// <summary>Gets the pin of the status LED, or <see cref="NoPin"/>.</summary>
        public int StatusLedPin { get; private set; }

        /// <summary>Gets the pin that feeds an external watchdog, or <see cref="NoPin"/>.</summary>
        public int WatchdogPin { get; private set; }

        /// <summary>Gets the time without a broker after which outputs go to their safe states, up to 86,400,000 ms; 0: never.</summary>
        public int SafeAfterMs { get; private set; }

        /// <summary>Gets the time without a broker after which the device reboots, 5,000 to 86,400,000 ms; 0: never.</summary>
        public int RebootAfterMs { get; private set; }

        /// <summary>Gets the age up to which a command is carried out, 1,000 to 3,600,000 ms.</summary>
        public int CommandTtlMs { get; private set; }

        /// <summary>Gets the time between health messages, 1,000 to 86,400,000 ms.</summary>
        public int HealthIntervalMs { get; private set; }

        /// <summary>Gets how many failed boots bring safe mode, 1 to 100; 0: none do.</summary>
        public int SafeModeBoots { get; private set; }

        /// <summary>Gets how long a boot stays up to count as no failed one, 1,000 to 86,400,000 ms.</summary>
        public int StableMs { get; private set; }

        /// <summary>Gets a value indicating whether readings that are old when they are sent have a topic of their own.</summary>
        public bool LateTopic { get; private set; }

        /// <summary>Gets the time server's name or address, or <see langword="null"/> for the network layer's own.</summary>
        public string NtpServer { get; private set; }

        /// <summary>Reads and checks the settings.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="pins">What the board's pins can do, or <see langword="null"/> when each can do everything.</param>
        /// <param name="defaultId">The id when the configuration has none.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        public static DeviceSettings Read(ConfigParams config, IPinRules pins, string defaultId, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            ConfigReader reader = new ConfigReader(config, "device.", problems);
            DeviceSettings settings = new DeviceSettings();
            settings.ReadIdentity(reader, defaultId);
            settings.ReadSampling(reader);
            settings.ReadTimes(reader);
            settings.ReadPins(reader, new PinPlan(pins), config);
            return problems.ErrorCount == errors ? settings : null;
        }

        /// <summary>Says whether a text can name a device or an output.</summary>
        /// <param name="name">The text, or <see langword="null"/>.</param>
        /// <returns><see langword="true"/> for 1 to 32 of <c>A-Z a-z 0-9 _ -</c>.</returns>
        public static bool IsName(string name)
        {
            int length = name == null ? 0 : name.Length;
            for (int i = 0; i < length; i++)
            {
                char c = name[i];
                bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                if (!isLetter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
                {
                    return false;
                }
            }

            return length > 0 && length <= MaxNameLength;
        }

        private static byte[] ParseHex(string text)
        {
            int length = text.Length;
            byte[] bytes = new byte[length / 2];
            for (int i = 0; i < length; i++)
            {
                int digit = Hex.ValueOf(text[i]);
                if (digit < 0)
                {
                    return null;
                }

                bytes[i / 2] = (byte)((bytes[i / 2] << 4) | digit);
            }

            return bytes;
        }

        private static OutputSettings ReadOutput(ConfigReader reader, PinPlan plan, Hashtable names)
        {
            string name = reader.Get("name");
            if (!IsName(name))
            {
                reader.Refuse("name", NameRule);
            }
            else if (names.Contains(name))
            {
                reader.Refuse("name", "another output has this name");
            }
            else
            {
                names[name] = name;
            }

            if (!reader.Has("pin"))
            {
                reader.Refuse("pin", "each output needs the number of its pin");
            }

            int pin = plan.ReadOutput(reader, "pin");
            bool isActiveHigh = reader.Choice("active", 1, ActiveWords) == 1;
            bool isSafeOn = reader.Choice("safe", 0, SafeWords) == 1;
            return new OutputSettings(name, pin, isActiveHigh, isSafeOn);
        }

        private void ReadIdentity(ConfigReader reader, string defaultId)
        {
            Id = reader.Get("id") ?? defaultId;
            if (!IsName(Id))
            {
                reader.Refuse("id", NameRule);
            }

            string key = reader.Get("command_key");
            if (key == null)
            {
                return;
            }

            bool isLength = key.Length % 2 == 0 && key.Length >= 2 * MinKeyBytes && key.Length <= 2 * MaxKeyBytes;
            CommandKey = isLength ? ParseHex(key) : null;
            if (CommandKey == null)
            {
                reader.Refuse("command_key", "64 to 128 hexadecimal digits, two for each byte, are allowed");
            }
        }

        private void ReadSampling(ConfigReader reader)
        {
            IntervalMs = reader.Integer("interval_ms", 60000, 1000, DayMs);
            ReportDelta = reader.Number("report_delta", 0, 100);
            ReportAtLeastMs = reader.Integer("report_at_least_ms", 3600000, 1000, DayMs);
            TemperatureOffset = reader.Number("temperature_offset", -50, 50);
            MaxStep = reader.Number("max_step", 0, 100);
            SensorAddress = Addresses[reader.Choice("sensor.address", 0, AddressWords)];
        }

        private void ReadTimes(ConfigReader reader)
        {
            SafeAfterMs = reader.IntegerOrZero("safe_after_ms", 0, 1, DayMs);
            RebootAfterMs = reader.IntegerOrZero("reboot_after_ms", 900000, 5000, DayMs);
            CommandTtlMs = reader.Integer("command_ttl_ms", 60000, 1000, 3600000);
            HealthIntervalMs = reader.Integer("health_interval_ms", 300000, 1000, DayMs);
            SafeModeBoots = reader.IntegerOrZero("safe_mode_boots", 5, 1, 100);
            StableMs = reader.Integer("stable_ms", 600000, 1000, DayMs);
            LateTopic = reader.Boolean("late_topic", false);
            NtpServer = reader.Text("ntp_server", null, MaxHostLength);
            IsDiscoveryOn = reader.Boolean("discovery", false);
        }

        private void ReadPins(ConfigReader reader, PinPlan plan, ConfigParams config)
        {
            I2cDataPin = plan.ReadI2c(reader, "i2c.sda", 21);
            I2cClockPin = plan.ReadI2c(reader, "i2c.scl", 22);
            StatusLedPin = plan.ReadOutput(reader, "status_led");
            WatchdogPin = plan.ReadOutput(reader, "watchdog_pin");
            ArrayList outputs = new ArrayList();
            Hashtable names = new Hashtable();
            for (int i = 0; i <= MaxOutputs; i++)
            {
                ConfigReader output = new ConfigReader(config, "device.outputs." + i.ToString() + ".", reader.Problems);
                if (!output.HasAny(OutputKeys))
                {
                    continue;
                }

                if (i == MaxOutputs)
                {
                    reader.Problems.AddError("device.outputs has too many entries: at most " + MaxOutputs.ToString() + " are allowed");
                    break;
                }

                outputs.Add(ReadOutput(output, plan, names));
            }

            Outputs = new OutputSettings[outputs.Count];
            outputs.CopyTo(Outputs);
        }
    }
}
