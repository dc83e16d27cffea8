using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The form of a record in an outbox's file: a message, an acknowledgement of messages before it, or the start of a segment. Lowest byte first: length of the body (2
    /// bytes), flags, format, sequence (4), length of the topic or number of acknowledged messages (2), CRC-32 of all but itself (4); the body: the sequence of the record
    /// that this one replaces (4, if flagged), topic, payload. A segment starts with a record of its own, whose sequence is the segment's.
    /// </summary>
    internal static class OutboxRecord
    {
        /// <summary>What a record takes beside its body, in bytes.</summary>
        public const int HeaderBytes = 14;

        /// <summary>What the body takes beside topic and payload when the record replaces another, in bytes.</summary>
        public const int ReplacedBytes = 4;

        /// <summary>The bits of the flags that a message's owner gives a meaning.</summary>
        public const byte MessageMask = 0x07;

        /// <summary>The body begins with the sequence of the record that this one replaces.</summary>
        public const byte ReplacesFlag = 0x20;

        /// <summary>A segment's first record.</summary>
        public const byte StartFlag = 0x40;

        /// <summary>Messages are acknowledged: as many as the record says, from its sequence on.</summary>
        public const byte AckFlag = 0x80;

        private const byte UnusedMask = 0x18;
        private const byte Format = 0xD1;
        private const int FlagsAt = 2;
        private const int FormatAt = 3;
        private const int SequenceAt = 4;
        private const int ExtraAt = 8;
        private const int CrcAt = 10;

        /// <summary>Writes the header, over a body that is there already.</summary>
        public static void Seal(byte[] data, int at, byte flags, int sequence, int extra, int length)
        {
            PutShort(data, at, length);
            data[at + FlagsAt] = flags;
            data[at + FormatAt] = Format;
            PutInt(data, at + SequenceAt, sequence);
            PutShort(data, at + ExtraAt, extra);
            PutInt(data, at + CrcAt, ComputeCrc(data, at));
        }

        /// <summary>Whether these can be the first bytes of a record.</summary>
        public static bool IsPlausible(byte[] data, int at)
        {
            return data[at + FormatAt] == Format && (data[at + FlagsAt] & UnusedMask) == 0;
        }

        /// <summary>Whether all of a record is there as it was written.</summary>
        public static bool IsWhole(byte[] data, int at)
        {
            return GetInt(data, at + CrcAt) == ComputeCrc(data, at) && (!IsMessage(data, at) || GetTopicLength(data, at) <= GetMessageSize(data, at));
        }

        public static bool IsStart(byte[] data, int at)
        {
            return data[at + FlagsAt] == StartFlag && GetShort(data, at) == 0;
        }

        public static bool IsAcknowledgement(byte[] data, int at)
        {
            return (data[at + FlagsAt] & AckFlag) != 0;
        }

        public static bool IsMessage(byte[] data, int at)
        {
            return (data[at + FlagsAt] & (AckFlag | StartFlag)) == 0;
        }

        public static int GetSize(byte[] data, int at)
        {
            return HeaderBytes + GetShort(data, at);
        }

        public static int GetSequence(byte[] data, int at)
        {
            return GetInt(data, at + SequenceAt);
        }

        /// <summary>Gets how many messages an acknowledgement is for.</summary>
        public static int GetCount(byte[] data, int at)
        {
            return GetShort(data, at + ExtraAt);
        }

        /// <summary>Gets the owner's flags of a message.</summary>
        public static byte GetMessageFlags(byte[] data, int at)
        {
            return (byte)(data[at + FlagsAt] & MessageMask);
        }

        /// <summary>Gets the sequence of the record that a message's record replaces, or 0.</summary>
        public static int GetReplaced(byte[] data, int at)
        {
            return GetReplacedBytes(data, at) == 0 ? 0 : GetInt(data, at + HeaderBytes);
        }

        /// <summary>Gets a message's size, topic and payload, in bytes.</summary>
        public static int GetMessageSize(byte[] data, int at)
        {
            return GetShort(data, at) - GetReplacedBytes(data, at);
        }

        public static int GetTopicAt(byte[] data, int at)
        {
            return at + HeaderBytes + GetReplacedBytes(data, at);
        }

        public static int GetTopicLength(byte[] data, int at)
        {
            return GetShort(data, at + ExtraAt);
        }

        public static void PutInt(byte[] data, int at, int value)
        {
            PutShort(data, at, value);
            PutShort(data, at + 2, value >> 16);
        }

        private static int GetReplacedBytes(byte[] data, int at)
        {
            return (data[at + FlagsAt] & ReplacesFlag) == 0 ? 0 : ReplacedBytes;
        }

        private static int GetShort(byte[] data, int at)
        {
            return data[at] | (data[at + 1] << 8);
        }

        private static int GetInt(byte[] data, int at)
        {
            return GetShort(data, at) | (GetShort(data, at + 2) << 16);
        }

        private static void PutShort(byte[] data, int at, int value)
        {
            data[at] = (byte)value;
            data[at + 1] = (byte)(value >> 8);
        }

        private static int ComputeCrc(byte[] data, int at)
        {
            return (int)Crc32.Append(Crc32.Compute(data, at, CrcAt), data, at + HeaderBytes, GetShort(data, at));
        }
    }
}
