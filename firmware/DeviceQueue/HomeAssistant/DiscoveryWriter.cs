using DeviceQueue.Commanding;
using DeviceQueue.Connecting;
using DeviceQueue.Json;
using DeviceQueue.Settings;

namespace DeviceQueue.HomeAssistant
{
    /// <summary>
    /// Writes what a device is to Home Assistant: a device discovery payload as https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload describes
    /// it, in the abbreviated names of its section "Supported abbreviations".
    /// </summary>
    internal sealed class DiscoveryWriter
    {
        private const string OutputPrefix = "o_"; // an output may be called temperature; short, because eight relays are to fit in 2 KB
        private const string Product = "DeviceQueue";
        private const int SamplingsMissed = 2;

        private readonly DeviceTopics _topics;
        private readonly OutputBank _outputs;
        private readonly bool _isSwitchable;
        private string _id;
        private int _expireAfterS;
        private JsonWriter _writer;

        /// <param name="isSwitchable">Whether Home Assistant may switch the outputs rather than only see them.</param>
        public DiscoveryWriter(DeviceTopics topics, OutputBank outputs, bool isSwitchable)
        {
            _topics = topics;
            _outputs = outputs;
            _isSwitchable = isSwitchable;
        }

        public void Apply(DeviceSettings settings)
        {
            int reportMs = settings.ReportDelta > 0 && settings.ReportAtLeastMs > settings.IntervalMs ? settings.ReportAtLeastMs : settings.IntervalMs;
            _id = settings.Id;
            _expireAfterS = (reportMs + (SamplingsMissed * settings.IntervalMs)) / 1000;
        }

        /// <summary>Writes the payload with the first outputs, as many as told.</summary>
        /// <returns>Its length, or -1 when it does not fit.</returns>
        public int Write(byte[] buffer, bool hasHumidity, int outputCount)
        {
            JsonWriter writer = new JsonWriter(); // needed so seldom that neither it nor what it writes to is kept
            _writer = writer;
            writer.Reset(buffer, 0);
            writer.BeginObject();
            writer.Name("dev");
            writer.BeginObject();
            WriteText("ids", _id);
            WriteText("mf", Product);
            WriteProduct(_id);
            writer.Name("o");
            writer.BeginObject();
            WriteProduct(Product);
            WriteText("avty_t", _topics.Status);
            WriteText("stat_t", _topics.Temperature);
            writer.Name("cmps");
            writer.BeginObject();
            WriteSensor("temperature", "temperature", "°C", "temperature");
            WriteSensor("pressure", "atmospheric_pressure", "hPa", "pressure");
            if (hasHumidity)
            {
                WriteSensor("humidity", "humidity", "%", "humidity");
            }

            for (int i = 0; i < outputCount; i++)
            {
                WriteOutput(_outputs.GetName(i));
            }

            writer.EndObject();
            writer.EndObject();
            _writer = null;
            return writer.IsOverflow ? -1 : writer.Length;
        }

        private void WriteProduct(string name)
        {
            WriteText("name", name);
            WriteText("sw", DeviceNode.Version);
            _writer.EndObject();
        }

        private void WriteSensor(string name, string deviceClass, string unit, string field)
        {
            BeginComponent(name, "sensor");
            WriteText("dev_cla", deviceClass);
            WriteText("stat_cla", "measurement");
            WriteText("unit_of_meas", unit);
            WriteText("val_tpl", "{{value_json." + field + "}}");
            _writer.Name("exp_aft"); // a sensor that fails says no number, so its last one has to go stale
            _writer.WriteNumber(_expireAfterS);
            _writer.EndObject();
        }

        private void WriteOutput(string name)
        {
            BeginComponent(OutputPrefix + name, _isSwitchable ? "switch" : "binary_sensor");
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
            WriteText("uniq_id", _id + "_" + name);
        }

        private void WriteText(string name, string text)
        {
            _writer.Name(name);
            _writer.WriteText(text);
        }
    }
}
