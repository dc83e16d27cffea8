using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;
using DeviceQueue.Storage;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The settings of a queue below <c>options.</c>, beside those of its connection, checked. Times are in
    /// milliseconds.
    /// </summary>
    public sealed class QueueOptions : MqttOptions
    {
        /// <summary>Why QoS 2 is refused with <c>clean_session</c> false.</summary>
        internal const string NoQos2 =
            "the client library cannot resume QoS 2; with clean_session false, 0 or 1 is allowed";

        // The longest reading with the longest device id takes 290 bytes, in an envelope 560.
        private const int DeviceMessageSize = 320; // what FirmwareDefaults says
        private const int DeviceEnvelopeSize = 640;

        private const int MaxOutboxNameLength = 30; // a segment's name has two characters more

        // The names, up to the first dot, of the files that the firmware has for itself.
        private const string ReservedNames = "settings,changes,boot,commands,utc,life,sleep,discovery,devicequeue,wipe";

        /// <summary>Initializes options of which the configuration says nothing.</summary>
        internal QueueOptions()
        {
        }

        /// <summary>
        /// Gets a value indicating whether a message travels in its envelope; else its payload alone does.
        /// </summary>
        public bool SerializeEnvelope { get; private set; } = true;

        /// <summary>Gets a value indicating whether a queue subscribes when it is opened.</summary>
        public bool Autosubscribe { get; private set; }

        /// <summary>Gets the quality of service, 0 to 2.</summary>
        public int Qos { get; private set; }

        /// <summary>Gets a value indicating whether published messages are marked retained.</summary>
        public bool Retain { get; private set; }

        /// <summary>Gets how many messages a queue keeps, 1 to 4,096.</summary>
        public int MaxMessages { get; private set; } = 64;

        /// <summary>Gets how many bytes of messages a queue keeps, 1 to 1,048,576.</summary>
        public int MaxBytes { get; private set; } = 8192;

        /// <summary>Gets how long one message may be, 1 to <see cref="MaxBytes"/> bytes.</summary>
        public int MaxMessageSize { get; private set; } = 1024;

        /// <summary>Gets what a full queue does.</summary>
        public OverflowPolicy Overflow { get; private set; }

        /// <summary>Gets how many messages may be unacknowledged at once, 1 to 64.</summary>
        public int MaxInflight { get; private set; } = 8;

        /// <summary>How many times as many messages and bytes an inbox takes when a burst is kept.</summary>
        internal const int BurstFactor = 6;

        /// <summary>Gets the name of the file that keeps unsent messages across reboots; empty: none does.</summary>
        public string Outbox { get; private set; } = string.Empty;

        /// <summary>Gets how long that file may be, 8,192 to 65,536 bytes; whole segments of 4,096 are used.</summary>
        public int OutboxMaxBytes { get; private set; } = 49152;

        /// <summary>
        /// Gets how old a message is at most when it is written to that file, 0 (with each Send) to 60,000 ms.
        /// </summary>
        public int OutboxFlushMs { get; private set; } = 1000;

        /// <summary>
        /// Gets a value indicating whether all that the broker has kept for a device that slept finds room: the inbox
        /// has that of <see cref="BurstFactor"/> others.
        /// </summary>
        public bool IsBurstKept { get; private set; }

        /// <summary>
        /// Takes the value of a key, if it is <c>client_id</c> or one below <c>options</c> that is known.
        /// </summary>
        /// <param name="reader">Stands on the key.</param>
        /// <returns><see langword="false"/> when it is not.</returns>
        internal override bool TryTake(ConfigReader reader)
        {
            return base.TryTake(reader) || TryTakeWay(reader) || TryTakeLimit(reader);
        }

        /// <summary>Checks the whole, when each value has been taken.</summary>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        internal override void Check(ConfigProblems problems)
        {
            base.Check(problems);
            if (Qos == 2 && !CleanSession)
            {
                problems.AddError("options.qos", "2", NoQos2);
            }

            if (MaxMessageSize > MaxBytes)
            {
                string least = "options.max_message_size, " + MaxMessageSize.ToString();
                Refuse(problems, "max_bytes", MaxBytes, "at least " + least + ", is needed");
            }

            if (Outbox.Length > 0 && MaxMessageSize > LogSegments.MaxMessageSize)
            {
                string most = LogSegments.MaxMessageSize.ToString();
                string rule = "with options.outbox, at most " + most + " is allowed";
                Refuse(problems, "max_message_size", MaxMessageSize, rule);
            }
        }

        /// <summary>
        /// Overrides what a device cannot do without, or has no use for, before the whole is checked.
        /// </summary>
        /// <param name="problems">Takes a warning for each value that has no effect.</param>
        internal void OverrideForDevice(ConfigProblems problems)
        {
            if (!RetryConnect)
            {
                problems.AddNoEffect("options.retry_connect");
            }

            if (Autosubscribe)
            {
                problems.AddNoEffect("options.autosubscribe");
            }

            RetryConnect = true;
            Autosubscribe = false;
            if (SerializeEnvelope && MaxMessageSize == DeviceMessageSize)
            {
                MaxMessageSize = DeviceEnvelopeSize;
            }
        }

        /// <summary>
        /// Makes the broker and the storage keep what a device that sleeps cannot, before the whole is checked.
        /// </summary>
        /// <param name="isGiven">Whether the configuration has a clean_session.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        internal void KeepOverSleep(bool isGiven, ConfigProblems problems)
        {
            if (isGiven && CleanSession)
            {
                const string Lost = "not allowed with device.sleep: commands wait in the session that the broker keeps";
                problems.AddError("options.clean_session", "true", Lost);
            }

            if (Outbox.Length == 0 || Qos == 0)
            {
                string key = Qos == 0 ? "options.qos" : "options.outbox";
                const string Forgotten = "not allowed with device.sleep: readings wait in a file over the sleep";
                problems.AddError(key, Qos == 0 ? "0" : Outbox, Forgotten);
            }

            CleanSession = false;
            IsBurstKept = true;
        }

        /// <summary>Refuses what the queue's connection or platform cannot do.</summary>
        /// <param name="queue">The queue's name.</param>
        /// <param name="isSessionKept">Whether the connection, which may have its own clean_session, keeps its
        /// session.</param>
        /// <param name="store">The storage, or <see langword="null"/>.</param>
        internal void Check(string queue, bool isSessionKept, IStore store)
        {
            if (Outbox.Length > 0 && store == null)
            {
                string text = "options.outbox of queue " + queue + " needs a platform with a store";
                throw new InvalidStateException(InvalidStateException.NoPlatform, text);
            }

            if (Qos == 2 && isSessionKept)
            {
                ConfigProblems problems = new ConfigProblems();
                problems.AddError("options.qos", "2", NoQos2);
                throw ConfigException.From(problems);
            }
        }

        /// <summary>Makes the options of the queue of commands and answers beside those of readings.</summary>
        internal QueueOptions MakeForCommands()
        {
            QueueOptions options = (QueueOptions)MemberwiseClone();
            options.Qos = 1;
            options.Retain = false;
            options.SerializeEnvelope = true;
            options.Autosubscribe = true;
            options.Overflow = OverflowPolicy.Reject;
            options.MaxMessages = 8;
            options.MaxBytes = 1408;
            options.MaxMessageSize = 1408; // an answer with a result of 704 bytes and a correlation_id of 64
            options.Outbox = string.Empty; // an answer that a reboot loses is asked for again, with the same message_id
            return options;
        }

        private static string ReadOutbox(ConfigReader reader)
        {
            string name = reader.Value;
            if (IsFileName(name))
            {
                return name;
            }

            string length = MaxOutboxNameLength.ToString();
            string rule = "a file name of at most " + length + " of a-z 0-9 . _ - is allowed, or none; ";
            reader.Refuse(rule + ReservedNames + " are the firmware's own");
            return string.Empty;
        }

        private static bool IsFileName(string name)
        {
            int length = name.Length;
            for (int i = 0; i < length; i++)
            {
                char c = name[i];
                if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
                {
                    return false;
                }
            }

            string[] reserved = ReservedNames.Split(',');
            for (int i = 0; i < reserved.Length; i++)
            {
                if (name == reserved[i] || name.IndexOf(reserved[i] + ".") == 0)
                {
                    return false;
                }
            }

            return length <= MaxOutboxNameLength && (length == 0 || name[0] != '.');
        }

        // Groups of six at most: a longer switch over texts takes more code.
        private bool TryTakeWay(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "options.serialize_envelope":
                    SerializeEnvelope = reader.Boolean(SerializeEnvelope);
                    return true;
                case "options.autosubscribe":
                    Autosubscribe = reader.Boolean(Autosubscribe);
                    return true;
                case "options.qos":
                    Qos = reader.Integer(Qos, 0, 2);
                    return true;
                case "options.retain":
                    Retain = reader.Boolean(Retain);
                    return true;
                case "options.overflow":
                    Overflow = (OverflowPolicy)reader.Choice((int)Overflow, "reject,drop_oldest,drop_newest,coalesce");
                    return true;
                case "options.max_inflight":
                    MaxInflight = reader.Integer(MaxInflight, 1, 64);
                    return true;
                default:
                    return false;
            }
        }

        private bool TryTakeLimit(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "options.max_messages":
                    MaxMessages = reader.Integer(MaxMessages, 1, 4096);
                    return true;
                case "options.max_bytes":
                    MaxBytes = reader.Integer(MaxBytes, 1, 1048576);
                    return true;
                case "options.max_message_size":
                    MaxMessageSize = reader.Integer(MaxMessageSize, 1, 1048576);
                    return true;
                case "options.outbox_flush_ms":
                    OutboxFlushMs = reader.Integer(OutboxFlushMs, 0, MinuteMs);
                    return true;
                case "options.outbox":
                    Outbox = ReadOutbox(reader);
                    return true;
                case "options.outbox_max_bytes":
                    const int Least = 2 * LogSegments.SegmentBytes;
                    const int Most = LogSegments.MaxSegments * LogSegments.SegmentBytes;
                    OutboxMaxBytes = reader.Integer(OutboxMaxBytes, Least, Most);
                    return true;
                default:
                    return false;
            }
        }
    }
}
