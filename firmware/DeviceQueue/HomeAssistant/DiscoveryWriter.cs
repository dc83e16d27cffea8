using System;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Text;

namespace DeviceQueue.HomeAssistant
{
    /// <summary>
    /// Writes what a device is to Home Assistant: a device discovery payload as
    /// https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload describes it, in the abbreviated names
    /// of its section "Supported abbreviations", and the announcements of diagnostic entities. Made when it is needed,
    /// and let go.
    /// </summary>
    internal sealed class DiscoveryWriter
    {
        /// <summary>How many diagnostic entities there are, with those of a sleep and a battery.</summary>
        public const int DiagnosticCount = 8;

        /// <summary>The most bytes that the announcement of one takes.</summary>
        public const int MaxDiagnosticBytes = 400;

        /// <summary>The one of a device that sleeps.</summary>
        public const int Sleep = 6;

        /// <summary>The one of a battery that is measured.</summary>
        public const int Battery = 7;

        private const int Uptime = 5;

        // an output may be called temperature; short, because eight relays are to fit in 2 KB
        private const string OutputPrefix = "o_";
        private const string Product = "DeviceQueue";
        private const int SamplingsMissed = 2;

        private readonly DeviceTopics _topics;
        private readonly OutputBank _outputs;
        private readonly bool _isSwitchable;
        private readonly int _quantities;
        private readonly JsonWriter _writer = new JsonWriter();

        /// <param name="isSwitchable">Whether Home Assistant may switch the outputs rather than only see them.</param>
        /// <param name="quantities">What the sensor measures, as in a reading.</param>
        public DiscoveryWriter(DeviceTopics topics, OutputBank outputs, bool isSwitchable, int quantities)
        {
            _topics = topics;
            _outputs = outputs;
            _isSwitchable = isSwitchable;
            _quantities = quantities;
        }

        /// <summary>
        /// Gets how long a value stays good: the longest time between two readings, and two that may fail.
        /// </summary>
        public static int GetExpireAfterS(DeviceSettings settings)
        {
            int reportMs = settings.ReportDelta > 0 && settings.ReportAtLeastMs > settings.IntervalMs
                ? settings.ReportAtLeastMs : settings.IntervalMs;
            long pauseMs = 0;
            if (settings.Sleep != null)
            {
                pauseMs = (long)settings.Sleep.ConnectEvery * settings.IntervalMs;
                pauseMs = pauseMs < SleepSettings.MaxPauseMs ? pauseMs : SleepSettings.MaxPauseMs;
                pauseMs += SleepSettings.MaxRetryMs; // one failed connect is no reason to be unavailable
            }

            return (int)((pauseMs + reportMs + (SamplingsMissed * (long)settings.IntervalMs)) / 1000);
        }

        /// <summary>Names a diagnostic entity.</summary>
        /// <param name="index">0 to <see cref="DiagnosticCount"/> - 1.</param>
        public static string NameDiagnostic(int index)
        {
            switch (index)
            {
                case 0: return "free_memory";
                case 1: return "queue";
                case 2: return "faults";
                case 3: return "safe_mode";
                case 4: return "reconnects";
                case Uptime: return "uptime";
                case Sleep: return "sleep";
                default: return "battery";
            }
        }

        /// <summary>
        /// Gets or sets a value indicating whether the device sleeps: what it said goes stale when it stays away, in
        /// place of an availability that its sleep would take away.
        /// </summary>
        public bool IsSleeping { get; set; }

        /// <summary>Tells what a part is now.</summary>
        /// <param name="outputCount">How many outputs are announced.</param>
        /// <returns>One of the kinds of <see cref="AnnouncementMark"/>, or 0 when there is no such part.</returns>
        public char KindOf(string part, int outputCount)
        {
            if (!part.StartsWith(OutputPrefix))
            {
                return IsMeasured(part) ? AnnouncementMark.Sensor : default;
            }

            int index = _outputs.Find(part.Substring(OutputPrefix.Length));
            return index < 0 || index >= outputCount ? default
                : _isSwitchable ? AnnouncementMark.Switch : AnnouncementMark.BinarySensor;
        }

        /// <summary>Writes the mark of an announcement.</summary>
        public void WriteMark(System.Text.StringBuilder mark, int outputCount)
        {
            AnnouncementMark.Add(mark, AnnouncementMark.Device, _topics.Id);
            for (int quantity = 0; quantity < Quantity.Count; quantity++)
            {
                if (Has(quantity))
                {
                    AnnouncementMark.Add(mark, AnnouncementMark.Sensor, Quantity.NameOf(quantity));
                }
            }

            for (int i = 0; i < outputCount; i++)
            {
                string part = OutputPrefix + _outputs.GetName(i);
                AnnouncementMark.Add(mark, KindOf(part, outputCount), part);
            }
        }

        /// <summary>Tells whether a mark has parts that are gone, or of another kind now.</summary>
        public bool HasGone(byte[] mark, int outputCount)
        {
            int position = 0;
            while (AnnouncementMark.TryNext(mark, ref position, out char kind, out string name))
            {
                if (kind != AnnouncementMark.Device && KindOf(name, outputCount) != kind)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Writes the announcement with the first outputs, as many as told.</summary>
        /// <param name="expireAfterS">How long a value stays good, in seconds.</param>
        /// <param name="former">The mark of what was announced, whose parts that are gone are taken back; or
        /// <see langword="null"/>.</param>
        /// <returns>Its length, or -1 when it does not fit.</returns>
        public int Write(byte[] buffer, int outputCount, int expireAfterS, byte[] former)
        {
            JsonWriter writer = _writer;
            writer.Reset(buffer, 0);
            writer.BeginObject();
            writer.Name("dev");
            writer.BeginObject();
            WriteText("ids", _topics.Id);
            WriteText("mf", Product);
            WriteProduct(_topics.Id);
            writer.Name("o");
            writer.BeginObject();
            WriteProduct(Product);
            if (!IsSleeping)
            {
                WriteText("avty_t", _topics.Status);
            }

            WriteText("stat_t", _topics.Temperature);
            writer.Name("cmps");
            writer.BeginObject();
            if (former != null)
            {
                WriteGone(former, outputCount);
            }

            for (int quantity = 0; quantity < Quantity.Count; quantity++)
            {
                if (Has(quantity))
                {
                    WriteSensor(quantity, expireAfterS);
                }
            }

            for (int i = 0; i < outputCount; i++)
            {
                WriteOutput(_outputs.GetName(i), outputCount, former);
            }

            writer.EndObject();
            writer.EndObject();
            return writer.IsOverflow ? -1 : writer.Length;
        }

        /// <summary>Writes the announcement of a diagnostic entity, which reads the health reports.</summary>
        /// <param name="index">0 to <see cref="DiagnosticCount"/> - 1.</param>
        /// <param name="expireAfterS">How long a value stays good when the device sleeps, in seconds.</param>
        /// <returns>The announcement.</returns>
        public byte[] WriteDiagnostic(int index, int expireAfterS)
        {
            byte[] buffer = new byte[MaxDiagnosticBytes];
            string name = NameDiagnostic(index);
            _writer.Reset(buffer, 0);
            _writer.BeginObject();
            WriteText("name", index == 0 ? "free memory" : index == 3 ? "safe mode" : name);
            WriteText("uniq_id", _topics.Id + "_" + name);
            WriteText("stat_t", index == Sleep ? _topics.Status : _topics.Health);
            if (IsSleeping)
            {
                WriteExpiry(expireAfterS);
            }
            else
            {
                WriteText("avty_t", _topics.Status);
            }

            WriteText("ent_cat", "diagnostic");
            switch (index)
            {
                case 0:
                    WriteText("unit_of_meas", "B");
                    WriteText("dev_cla", "data_size");
                    break;
                case 1:
                    name = "queue.messages";
                    break;
                case Uptime:
                    name = "uptime_ms";
                    WriteText("unit_of_meas", "ms");
                    WriteText("dev_cla", "duration");
                    break;
                case Battery:
                    name = "battery.voltage";
                    WriteText("unit_of_meas", "V");
                    WriteText("dev_cla", "voltage");
                    WriteText("stat_cla", "measurement");
                    break;
            }

            if (index != Sleep)
            {
                WriteText("val_tpl", "{{value_json." + name + "}}");
            }

            _writer.Name("dev");
            _writer.BeginObject();
            WriteText("ids", _topics.Id);
            _writer.EndObject();
            _writer.EndObject();
            byte[] payload = new byte[_writer.Length];
            Array.Copy(buffer, payload, payload.Length);
            return payload;
        }

        /// <summary>Tells whether a part was announced as what it is no longer.</summary>
        private bool IsGone(byte[] former, string part, int outputCount)
        {
            int position = 0;
            while (AnnouncementMark.TryNext(former, ref position, out char kind, out string name))
            {
                if (name == part && kind != AnnouncementMark.Device && KindOf(part, outputCount) != kind)
                {
                    return true;
                }
            }

            return false;
        }

        // To take a part back, it is said with its platform and nothing else; one of another kind is said after that.
        private void WriteGone(byte[] former, int outputCount)
        {
            int position = 0;
            while (AnnouncementMark.TryNext(former, ref position, out char kind, out string name))
            {
                if (kind != AnnouncementMark.Device && KindOf(name, outputCount) != kind)
                {
                    _writer.Name(name);
                    _writer.BeginObject();
                    WriteText("p", AnnouncementMark.PlatformOf(kind));
                    _writer.EndObject();
                }
            }
        }

        private void WriteProduct(string name)
        {
            WriteText("name", name);
            WriteText("sw", FirmwareDefaults.Version);
            _writer.EndObject();
        }

        private bool Has(int quantity)
        {
            return (_quantities & (1 << quantity)) != 0;
        }

        private bool IsMeasured(string name)
        {
            for (int quantity = 0; quantity < Quantity.Count; quantity++)
            {
                if (Has(quantity) && Quantity.NameOf(quantity) == name)
                {
                    return true;
                }
            }

            return false;
        }

        // Home Assistant's names: https://www.home-assistant.io/integrations/sensor/#device-class
        private void WriteSensor(int quantity, int expireAfterS)
        {
            string name = Quantity.NameOf(quantity);
            BeginComponent(name, "sensor");
            WriteText("dev_cla", quantity == Quantity.Pressure ? "atmospheric_pressure" : name);
            WriteText("stat_cla", "measurement");
            WriteText("unit_of_meas", quantity == Quantity.Temperature ? "°C" : Quantity.UnitOf(quantity));
            WriteText("val_tpl", "{{value_json." + name + "}}");
            WriteExpiry(expireAfterS);
            _writer.EndObject();
        }

        // A sensor that fails says no number, so its last one has to go stale.
        private void WriteExpiry(int seconds)
        {
            _writer.Name("exp_aft");
            _writer.WriteNumber(seconds);
        }

        private void WriteOutput(string name, int outputCount, byte[] former)
        {
            string part = OutputPrefix + name;
            if (former != null && IsGone(former, part, outputCount))
            {
                return; // taken back first
            }

            BeginComponent(part, _isSwitchable ? "switch" : "binary_sensor");
            WriteText("name", name);
            WriteText("~", _topics.OfOutput(name));
            WriteText("stat_t", "~");
            if (_isSwitchable)
            {
                WriteText("cmd_t", "~" + DeviceTopics.SetSuffix);
                _writer.Name("qos");
                _writer.WriteNumber(1);
            }

            _writer.EndObject();
        }

        private void BeginComponent(string name, string platform)
        {
            _writer.Name(name);
            _writer.BeginObject();
            WriteText("p", platform);
            WriteText("uniq_id", _topics.Id + "_" + name);
        }

        private void WriteText(string name, string text)
        {
            _writer.Name(name);
            _writer.WriteText(text);
        }
    }
}
