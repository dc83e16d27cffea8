using System;
using DeviceQueue.Storage;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The form of a record in an outbox's log, and of a message in memory: a message, or an acknowledgement of
    /// messages before it. Lowest byte first: length of the body (2 bytes), flags, format, sequence (4), length of the
    /// topic or number of acknowledged messages (2), CRC-32 of all but itself (4); the body: the sequence of the record
    /// that this one replaces (4, if flagged), topic, payload. In memory a message has no sequence until it is in the
    /// log, no checksum, and may be longer than a record can tell.
    /// </summary>
    internal static class MessageRecord
    {
        /// <summary>What a record takes beside its body, in bytes.</summary>
        public const int HeaderBytes = 14;

        /// <summary>What the body takes beside topic and payload when the record replaces another, in bytes.</summary>
        public const int ReplacedBytes = 4;

        /// <summary>Among a message's flags: the broker keeps it.</summary>
        public const byte RetainFlag = 4;

        private const byte MessageMask = 0x07; // the owner gives these a meaning
        private const byte RuledFlag = 0x08; // in memory: sent by a topic rule
        private const byte ReplacesFlag = 0x20;
        private const byte StartFlag = 0x40; // a segment's first record, as versions before 0.2 wrote it
        private const byte AckFlag = 0x80;
        private const byte UnusedMask = 0x18;
        private const byte StoredMask = 0xFF ^ UnusedMask;
        private const byte Format = 0xD1;
        private const int FlagsAt = 2;
        private const int FormatAt = 3;
        private const int SequenceAt = 4;
        private const int ExtraAt = 8;
        private const int CrcAt = 10;

        /// <summary>Makes a message's flags.</summary>
        public static byte MakeFlags(int qos, bool retain)
        {
            return (byte)(qos | (retain ? RetainFlag : 0));
        }

        /// <summary>Writes the header of a message in memory, before a body that is there already.</summary>
        public static void PutHeader(byte[] data, int at, byte flags, int topicLength, int length)
        {
            PutShort(data, at, length);
            data[at + FlagsAt] = flags;
            data[at + FormatAt] = Format;
            PutInt(data, at + SequenceAt, 0);
            PutShort(data, at + ExtraAt, topicLength);
        }

        /// <summary>Makes a message in memory a record of the log.</summary>
        public static void Seal(byte[] data, int at, int sequence)
        {
            data[at + FlagsAt] &= StoredMask;
            PutInt(data, at + SequenceAt, sequence);
            uint crc = Crc32.Append(ComputeHeadCrc(data, at), data, at + HeaderBytes, GetShort(data, at));
            PutInt(data, at + CrcAt, (int)crc);
        }

        /// <summary>Writes an acknowledgement of messages.</summary>
        public static void PutAcknowledgement(byte[] data, int at, int first, int count)
        {
            PutHeader(data, at, AckFlag, count, 0);
            Seal(data, at, first);
        }

        /// <summary>
        /// Seals a record that is none of the log's, and which its readers pass over: what a sleeping device keeps.
        /// </summary>
        /// <param name="length">How long the body is that stands behind the header already.</param>
        public static void PutKept(byte[] data, int at, int length)
        {
            PutHeader(data, at, StartFlag, 0, length);
            Seal(data, at, 0);
        }

        /// <summary>Tells whether there is such a record, whole.</summary>
        /// <param name="end">Where it has to end.</param>
        public static bool IsKept(byte[] data, int at, int end)
        {
            return at >= 0 && IsPlausible(data, at) && (data[at + FlagsAt] & StartFlag) != 0
                && at + GetSize(data, at) == end
                && Crc32.Append(ComputeHeadCrc(data, at), data, at + HeaderBytes, GetShort(data, at))
                    == GetCrc(data, at);
        }

        /// <summary>Writes a message once more, as the record that replaces the one that it has.</summary>
        /// <returns>The place behind it.</returns>
        public static int PutReplacement(byte[] data, int from, int at, int sequence)
        {
            int length = GetShort(data, from);
            byte flags = (byte)(GetFlags(data, from) | ReplacesFlag);
            PutHeader(data, at, flags, GetTopicLength(data, from), length + ReplacedBytes);
            PutInt(data, at + HeaderBytes, GetSequence(data, from));
            Array.Copy(data, from + HeaderBytes, data, at + HeaderBytes + ReplacedBytes, length);
            Seal(data, at, sequence);
            return at + HeaderBytes + ReplacedBytes + length;
        }

        /// <summary>
        /// Makes a record that was read a message in memory: one that replaces another forgets which.
        /// </summary>
        /// <returns>The size of the message's record.</returns>
        public static int Unseal(byte[] data, int at)
        {
            if (IsReplacement(data, at))
            {
                int length = GetShort(data, at) - ReplacedBytes;
                Array.Copy(data, at + HeaderBytes + ReplacedBytes, data, at + HeaderBytes, length);
                PutShort(data, at, length);
                data[at + FlagsAt] = GetFlags(data, at);
            }

            return GetSize(data, at);
        }

        /// <summary>Tells whether these can be the first bytes of a record.</summary>
        public static bool IsPlausible(byte[] data, int at)
        {
            return data[at + FormatAt] == Format && (data[at + FlagsAt] & UnusedMask) == 0;
        }

        /// <summary>Tells whether what the header says of its body can be so, where the checksum is right.</summary>
        public static bool IsConsistent(byte[] data, int at)
        {
            return !IsMessage(data, at)
                || (GetSequence(data, at) > 0 && GetTopicLength(data, at) <= GetMessageSize(data, at));
        }

        /// <summary>Computes the checksum of the header, to be gone on with over the body.</summary>
        public static uint ComputeHeadCrc(byte[] data, int at)
        {
            return Crc32.Compute(data, at, CrcAt);
        }

        /// <summary>Gets the checksum that the record has.</summary>
        public static uint GetCrc(byte[] data, int at)
        {
            return (uint)GetInt(data, at + CrcAt);
        }

        /// <summary>Tells whether a message was first sent to a topic that a rule chose.</summary>
        public static bool IsRuled(byte[] data, int at)
        {
            return (data[at + FlagsAt] & RuledFlag) != 0;
        }

        /// <summary>Notes, in memory, that a message is sent to a topic that a rule chose.</summary>
        public static void MarkRuled(byte[] data, int at)
        {
            data[at + FlagsAt] |= RuledFlag;
        }

        public static bool IsAcknowledgement(byte[] data, int at)
        {
            return (data[at + FlagsAt] & AckFlag) != 0;
        }

        public static bool IsMessage(byte[] data, int at)
        {
            return (data[at + FlagsAt] & (AckFlag | StartFlag)) == 0;
        }

        /// <summary>Gets the size of the whole record in bytes.</summary>
        public static int GetSize(byte[] data, int at)
        {
            return HeaderBytes + GetShort(data, at);
        }

        public static int GetSequence(byte[] data, int at)
        {
            return GetInt(data, at + SequenceAt);
        }

        public static void PutSequence(byte[] data, int at, int sequence)
        {
            PutInt(data, at + SequenceAt, sequence);
        }

        /// <summary>Gets how many messages an acknowledgement is for.</summary>
        public static int GetCount(byte[] data, int at)
        {
            return GetShort(data, at + ExtraAt);
        }

        /// <summary>Gets the owner's flags of a message.</summary>
        public static byte GetFlags(byte[] data, int at)
        {
            return (byte)(data[at + FlagsAt] & MessageMask);
        }

        /// <summary>Tells whether a message's record replaces another.</summary>
        public static bool IsReplacement(byte[] data, int at)
        {
            return (data[at + FlagsAt] & ReplacesFlag) != 0;
        }

        /// <summary>Gets the sequence of the record that a replacement replaces.</summary>
        public static int GetReplaced(byte[] data, int at)
        {
            return GetInt(data, at + HeaderBytes);
        }

        /// <summary>Gets a message's size, topic and payload, in bytes.</summary>
        public static int GetMessageSize(byte[] data, int at)
        {
            return GetShort(data, at) - (IsReplacement(data, at) ? ReplacedBytes : 0);
        }

        public static int GetTopicLength(byte[] data, int at)
        {
            return GetShort(data, at + ExtraAt);
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

        private static void PutInt(byte[] data, int at, int value)
        {
            PutShort(data, at, value);
            PutShort(data, at + 2, value >> 16);
        }
    }
}
