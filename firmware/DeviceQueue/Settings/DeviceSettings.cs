using DeviceQueue.Configuration;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Text;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// The settings below <c>device.</c>, checked. Times are in milliseconds; 0 stands for never, none or off where a
    /// comment says so.
    /// </summary>
    public sealed class DeviceSettings
    {
        /// <summary>What stands for no pin.</summary>
        public const int NoPin = PinPlan.None;

        /// <summary>The length of a day, which limits most times.</summary>
        public const int DayMs = 86400000;

        private const int MinKeyBytes = 32;
        private const int MaxKeyBytes = 64;
        private const int MaxHostLength = 253;
        private const string Prefix = "device.";
        private const string OutputsPrefix = "device.outputs.";

        /// <summary>
        /// Initializes settings without the values of <see cref="FirmwareDefaults"/>, which a draft puts in.
        /// </summary>
        /// <param name="defaultId">The id, or <see langword="null"/> when the board has none to offer.</param>
        internal DeviceSettings(string defaultId)
        {
            Id = defaultId;
        }

        /// <summary>Gets the id, 1 to 32 of <c>A-Z a-z 0-9 _ -</c>.</summary>
        public string Id { get; private set; }

        /// <summary>Gets the key of signed commands, 32 to 64 bytes, or <see langword="null"/>.</summary>
        public byte[] CommandKey { get; private set; }

        /// <summary>Gets the time between samplings, 1,000 to 86,400,000 ms.</summary>
        public int IntervalMs { get; internal set; }

        /// <summary>Gets the least change that is published, 0 to 100 °C; 0: each reading is.</summary>
        public double ReportDelta { get; private set; }

        /// <summary>
        /// Gets the time after which a reading is published without a change, 1,000 to 86,400,000 ms.
        /// </summary>
        public int ReportAtLeastMs { get; private set; }

        /// <summary>Gets what is added to the measured temperature, -50 to 50 °C.</summary>
        public double TemperatureOffset { get; private set; }

        /// <summary>Gets the greatest plausible change between two samplings, 0 to 100 °C; 0: any.</summary>
        public double MaxStep { get; private set; }

        /// <summary>Gets a value indicating whether the device announces itself to Home Assistant.</summary>
        public bool IsDiscoveryOn { get; private set; }

        /// <summary>Gets the sensor's type, one of <see cref="SensorTypes"/>.</summary>
        public int SensorType { get; private set; }

        /// <summary>Gets the sensor's I2C address: 0x76, 0x77, 0x44 or 0x45; 0: it is looked for.</summary>
        public int SensorAddress { get; private set; }

        /// <summary>
        /// Gets the pin of the I2C bus's data line; without a setting the board's own, or <see cref="NoPin"/> when no
        /// board is known.
        /// </summary>
        public int I2cDataPin { get; private set; } = NoPin;

        /// <summary>Gets the pin of the I2C bus's clock line; the same goes for it.</summary>
        public int I2cClockPin { get; private set; } = NoPin;

        /// <summary>Gets the outputs, at most <see cref="OutputSettings.MaxCount"/>, in the file's order.</summary>
        public OutputSettings[] Outputs { get; private set; } = new OutputSettings[0];

        /// <summary>Gets the pin of the status LED, or <see cref="NoPin"/>.</summary>
        public int StatusLedPin { get; private set; } = NoPin;

        /// <summary>Gets the pin that feeds an external watchdog, or <see cref="NoPin"/>.</summary>
        public int WatchdogPin { get; private set; } = NoPin;

        /// <summary>
        /// Gets the time without a broker after which outputs go to their safe states, up to 86,400,000 ms; 0: never.
        /// </summary>
        public int SafeAfterMs { get; private set; }

        /// <summary>
        /// Gets the time without a broker after which the device reboots, 5,000 to 86,400,000 ms; 0: never.
        /// </summary>
        public int RebootAfterMs { get; private set; } = 900000;

        /// <summary>
        /// Gets the age up to which a command is carried out, 1,000 to 3,600,000 ms; up to 49 hours of a device that
        /// sleeps.
        /// </summary>
        public int CommandTtlMs { get; internal set; } = 60000;

        /// <summary>Gets how the device sleeps; <see langword="null"/>: it does not.</summary>
        public SleepSettings Sleep { get; internal set; }

        /// <summary>Gets how the battery is measured; <see langword="null"/>: it is not.</summary>
        public BatterySettings Battery { get; private set; }

        /// <summary>Gets the time between health messages, 1,000 to 86,400,000 ms.</summary>
        public int HealthIntervalMs { get; private set; }

        /// <summary>Gets how many failed boots bring safe mode, 1 to 100; 0: none do.</summary>
        public int SafeModeBoots { get; private set; } = 5;

        /// <summary>Gets how long a boot stays up to count as no failed one, 1,000 to 86,400,000 ms.</summary>
        public int StableMs { get; private set; } = 600000;

        /// <summary>
        /// Gets a value indicating whether readings that are old when they are sent have a topic of their own.
        /// </summary>
        public bool LateTopic { get; private set; }

        /// <summary>
        /// Gets the time server's name or address, or <see langword="null"/> for the network layer's own.
        /// </summary>
        public string NtpServer { get; private set; }

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

        /// <summary>Takes the value of a key, if it is one below <c>device</c> that is known.</summary>
        /// <param name="reader">Stands on the key.</param>
        /// <returns><see langword="false"/> when it is not.</returns>
        internal bool TryTake(ConfigReader reader)
        {
            return reader.Key.StartsWith(Prefix)
                && (TryTakeSampling(reader) || TryTakeUpkeep(reader) || TryTakePin(reader) || TryTakeOutput(reader)
                    || TryTakeSleep(reader) || TryTakeBattery(reader));
        }

        /// <summary>Checks the whole, when each value has been taken.</summary>
        /// <param name="pins">What the board's pins can do, or <see langword="null"/> when each can do
        /// everything.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        internal void Check(IPinRules pins, ConfigProblems problems)
        {
            if (Id == null)
            {
                const string NoDefault = "the board's MAC address, which gives the default, cannot be read";
                problems.AddError("device.id", null, NoDefault);
            }
            else if (!PlainText.IsName(Id))
            {
                problems.AddError("device.id", Id, PlainText.NameRule);
            }

            if (!SensorTypes.MayHave(SensorType, SensorAddress))
            {
                string address = "0x" + SensorAddress.ToString("X2");
                problems.AddError("device.sensor.address", address, SensorTypes.Addresses);
            }

            UseBoardsPins(pins);
            PinPlan plan = new PinPlan(pins, problems);
            plan.TakeI2c("device.i2c.sda", I2cDataPin);
            plan.TakeI2c("device.i2c.scl", I2cClockPin);
            plan.TakeOutput("device.status_led", StatusLedPin);
            plan.TakeOutput("device.watchdog_pin", WatchdogPin);
            Battery = BatterySettings.Check(Battery, plan);
            for (int i = 0; i < Outputs.Length; i++)
            {
                if (Outputs[i] != null)
                {
                    OutputSettings.Check(Outputs, i, plan, problems);
                }
            }

            Outputs = OutputSettings.Compact(Outputs);
        }

        /// <summary>Puts the bus on the board's own pins where the configuration names none.</summary>
        internal void UseBoardsPins(IPinRules pins)
        {
            if (pins != null)
            {
                I2cDataPin = I2cDataPin == NoPin ? pins.I2cDataPin : I2cDataPin;
                I2cClockPin = I2cClockPin == NoPin ? pins.I2cClockPin : I2cClockPin;
            }
        }

        /// <summary>Copies the settings.</summary>
        internal DeviceSettings Copy()
        {
            DeviceSettings copy = (DeviceSettings)MemberwiseClone();
            copy.Sleep = Sleep?.Copy();
            return copy;
        }

        /// <summary>
        /// Copies what safe mode keeps: what says what is measured, where, and as whom, and the pins, so that outputs
        /// are safe and the watchdog is fed. All else is default.
        /// </summary>
        /// <returns>The settings, as good as these are.</returns>
        internal DeviceSettings CopyForSafeMode()
        {
            DeviceSettings copy = new SettingsDraft(Id).Device;
            copy.CommandKey = CommandKey;
            copy.IntervalMs = IntervalMs;
            copy.TemperatureOffset = TemperatureOffset;
            copy.SensorType = SensorType;
            copy.SensorAddress = SensorAddress;
            copy.I2cDataPin = I2cDataPin;
            copy.I2cClockPin = I2cClockPin;
            copy.Outputs = Outputs;
            copy.StatusLedPin = StatusLedPin;
            copy.WatchdogPin = WatchdogPin;
            copy.NtpServer = NtpServer;
            copy.Battery = Battery;
            copy.SafeModeBoots = SafeModeBoots;
            copy.StableMs = StableMs;
            copy.Sleep = null; // it stays awake, to be reached
            return copy;
        }

        private static byte[] ReadKey(ConfigReader reader)
        {
            string text = reader.Value;
            bool isLength = text.Length % 2 == 0 && text.Length >= 2 * MinKeyBytes && text.Length <= 2 * MaxKeyBytes;
            byte[] key = isLength ? ParseHex(text) : null;
            if (key == null)
            {
                reader.Refuse("64 to 128 hexadecimal digits, two for each byte, are allowed");
            }

            return key;
        }

        // 0 means that the sensor is looked for.
        private static int ReadAddress(ConfigReader reader)
        {
            int place = reader.Choice(0, "0,118,119,68,69,0x76,0x77,0x44,0x45");
            return place == 0 ? 0 : ((place - 1) % 4 < 2 ? 0x76 : 0x44) + ((place - 1) % 2);
        }

        private bool TryTakeSampling(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "device.interval_ms":
                    IntervalMs = reader.Integer(IntervalMs, 1000, DayMs);
                    return true;
                case "device.report_delta":
                    ReportDelta = reader.Number(ReportDelta, 0, 100);
                    return true;
                case "device.report_at_least_ms":
                    ReportAtLeastMs = reader.Integer(ReportAtLeastMs, 1000, DayMs);
                    return true;
                case "device.temperature_offset":
                    TemperatureOffset = reader.Number(TemperatureOffset, -50, 50);
                    return true;
                case "device.max_step":
                    MaxStep = reader.Number(MaxStep, 0, 100);
                    return true;
                case "device.sensor.type":
                    SensorType = reader.Choice(SensorType, SensorTypes.Names);
                    return true;
                case "device.sensor.address":
                    SensorAddress = ReadAddress(reader);
                    return true;
                case "device.late_topic":
                    LateTopic = reader.Boolean(LateTopic);
                    return true;
                default:
                    return false;
            }
        }

        private bool TryTakeUpkeep(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "device.id":
                    Id = reader.Value;
                    return true;
                case "device.command_key":
                    CommandKey = ReadKey(reader);
                    return true;
                case "device.command_ttl_ms":
                    CommandTtlMs = reader.Integer(CommandTtlMs, 1000, SleepSettings.MaxTtlMs);
                    return true;
                case "device.safe_after_ms":
                    SafeAfterMs = reader.IntegerOrZero(SafeAfterMs, 1, DayMs);
                    return true;
                case "device.reboot_after_ms":
                    RebootAfterMs = reader.IntegerOrZero(RebootAfterMs, 5000, DayMs);
                    return true;
                case "device.health_interval_ms":
                    HealthIntervalMs = reader.Integer(HealthIntervalMs, 1000, DayMs);
                    return true;
                case "device.safe_mode_boots":
                    // The journal has thirds of a boot in a byte.
                    SafeModeBoots = reader.IntegerOrZero(SafeModeBoots, 1, 85);
                    return true;
                case "device.stable_ms":
                    StableMs = reader.Integer(StableMs, 1000, DayMs);
                    return true;
                case "device.ntp_server":
                    NtpServer = reader.Text(MaxHostLength);
                    return true;
                case "device.discovery":
                    IsDiscoveryOn = reader.Boolean(IsDiscoveryOn);
                    return true;
                default:
                    return false;
            }
        }

        private bool TryTakePin(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "device.i2c.sda":
                    I2cDataPin = reader.Integer(I2cDataPin, 0, PinPlan.MaxPin);
                    return true;
                case "device.i2c.scl":
                    I2cClockPin = reader.Integer(I2cClockPin, 0, PinPlan.MaxPin);
                    return true;
                case "device.status_led":
                    StatusLedPin = reader.Integer(NoPin, 0, PinPlan.MaxPin);
                    return true;
                case "device.watchdog_pin":
                    WatchdogPin = reader.Integer(NoPin, 0, PinPlan.MaxPin);
                    return true;
                default:
                    return false;
            }
        }

        private bool TryTakeSleep(ConfigReader reader)
        {
            Sleep ??= new SleepSettings();
            return Sleep.TryTake(reader);
        }

        private bool TryTakeBattery(ConfigReader reader)
        {
            Battery ??= new BatterySettings();
            return Battery.TryTake(reader);
        }

        private bool TryTakeOutput(ConfigReader reader)
        {
            if (!reader.TryGetItem(OutputsPrefix, out int place, out string name) || !OutputSettings.IsKnown(name))
            {
                return false;
            }

            if (place >= OutputSettings.MaxCount)
            {
                reader.Problems.AddTooMany("device.outputs", OutputSettings.MaxCount);
                return true;
            }

            if (Outputs.Length == 0)
            {
                Outputs = new OutputSettings[OutputSettings.MaxCount];
            }

            Outputs[place] ??= new OutputSettings();
            Outputs[place].Take(name, reader);
            return true;
        }
    }
}
