using System;
using System.Text;
using DeviceQueue.Json;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;

namespace DeviceQueue.Commanding
{
    /// <summary>
    /// The commands that were carried out, so that a repeat is answered and not carried out again, across reboots too: a command is recorded in storage before it
    /// is carried out, and stays there with all that an answer needs until its answer is delivered. With a command key, one with a known age stays for as long as it could
    /// be repeated; the places of others are given up, the oldest first, when all are taken. The record as it is stored is all the memory there is.
    /// </summary>
    public sealed class CommandHistory
    {
        /// <summary>How many commands are remembered.</summary>
        public const int MaxCommands = 64;

        // The record: format, number of commands, the commands, and what an answer to the last of them needs. A command: hash of its message_id (8 bytes), sent_time in
        // seconds since 1970 (4), what became of it.
        private const byte FormatVersion = 2;
        private const int Start = TwoSlotFile.HeaderBytes;
        private const int FirstAt = Start + 2;
        private const int SentAt = 8;
        private const int StatusAt = 12;
        private const int EntryBytes = 13;
        private const int MaxTypeBytes = 32;
        private const int MaxTextsBytes = (3 * 2) + CommandDispatcher.MaxIdLength + EnvelopeCodec.MaxFieldBytes + MaxTypeBytes;
        private const int MaxRecordBytes = FirstAt - Start + (MaxCommands * EntryBytes) + MaxTextsBytes;
        private const byte Begun = 0;
        private const byte Succeeded = 1;
        private const byte Failed = 2;

        private readonly TwoSlotFile _file;
        private readonly byte[] _record;
        private readonly TrustedClock _clock;
        private readonly long _keepSeconds;
        private readonly bool _hasKey;
        private int _count;
        private MessageEnvelope _unanswered;

        /// <summary>Initializes a new instance of the <see cref="CommandHistory"/> class with what storage has.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="clock">Tells how old a command is.</param>
        /// <param name="keepMs">How long after its sent_time a command could be repeated, in milliseconds.</param>
        /// <param name="hasKey">Whether commands are signed; without, anybody could fill the places for as long as they like.</param>
        public CommandHistory(IStore store, TrustedClock clock, int keepMs, bool hasKey)
        {
            _file = new TwoSlotFile(store, "commands.0", "commands.1", MaxRecordBytes);
            _record = _file.Buffer;
            _clock = clock;
            _keepSeconds = (keepMs + 999) / 1000;
            _hasKey = hasKey;
            if (_file.TryRead(out int length))
            {
                Load(length);
            }
        }

        /// <summary>Gets a value indicating whether the reboot came before what became of the command that <see cref="TakeUnanswered"/> gives was recorded.</summary>
        public bool IsInterrupted { get; private set; }

        /// <summary>Takes the command whose answer a reboot may have cut off after it was recorded.</summary>
        /// <returns>The command without its payload, once; <see langword="null"/> when there is none.</returns>
        public MessageEnvelope TakeUnanswered()
        {
            MessageEnvelope unanswered = _unanswered;
            _unanswered = null;
            return unanswered;
        }

        /// <summary>Looks a command up.</summary>
        /// <param name="messageId">Its message_id.</param>
        /// <returns>The status that was answered first, or <see langword="null"/> when the command is new.</returns>
        public string FindStatus(string messageId)
        {
            ulong hash = Hash(messageId);
            for (int i = 0; i < _count; i++)
            {
                int at = GetPlace(i);
                if (IsAt(at, hash))
                {
                    return _record[at + StatusAt] == Succeeded ? CommandAnswer.Succeeded : CommandAnswer.Failed;
                }
            }

            return null;
        }

        /// <summary>Tells whether there is a place for one more command, and makes one where that is allowed.</summary>
        /// <returns><see langword="false"/> when every place is held by a command that could still be repeated.</returns>
        public bool TryMakeRoom()
        {
            if (_count < MaxCommands)
            {
                return true;
            }

            bool isLimited = _clock.TryGetFresh(out DateTime now) && _hasKey;
            for (int i = 0; i < _count; i++)
            {
                int at = GetPlace(i);
                if (!isLimited || ToSeconds(now) - (long)Get(at + SentAt, 4) > _keepSeconds)
                {
                    _count--;
                    Array.Copy(_record, at + EntryBytes, _record, at, GetPlace(_count) - at);
                    return true;
                }
            }

            return false;
        }

        /// <summary>Records a command before it is carried out; <see cref="TryMakeRoom"/> said yes.</summary>
        /// <param name="message">The command.</param>
        /// <param name="isStored">Whether the record has to survive a reboot, because carrying the command out again would do harm.</param>
        /// <returns><see langword="false"/> when the storage failed: then the command must not be carried out.</returns>
        public bool TryBegin(MessageEnvelope message, bool isStored)
        {
            int at = GetPlace(_count);
            Put(at, SentAt, Hash(message.MessageId));
            Put(at + SentAt, 4, (ulong)ToSeconds(message.SentTime));
            _record[at + StatusAt] = Begun;
            _count++;
            if (isStored && !Save(message))
            {
                _count--;
                return false;
            }

            return true;
        }

        /// <summary>Records what came of the command that was begun last.</summary>
        /// <param name="message">The command when <see cref="TryBegin"/> stored it, or <see langword="null"/>.</param>
        /// <param name="hasSucceeded">Whether it was carried out.</param>
        public void End(MessageEnvelope message, bool hasSucceeded)
        {
            _record[GetPlace(_count - 1) + StatusAt] = hasSucceeded ? Succeeded : Failed;
            if (message != null)
            {
                Save(message); // if this fails, a reboot reports the command as interrupted
            }
        }

        /// <summary>Records that the last stored command's answer was delivered.</summary>
        public void OnAnswered()
        {
            Save(null); // if this fails, a reboot answers once more
        }

        /// <summary>FNV-1a over the characters, 64 bits.</summary>
        private static ulong Hash(string text)
        {
            ulong hash = 14695981039346656037UL;
            char[] chars = text.ToCharArray();
            for (int i = 0; i < chars.Length; i++)
            {
                hash = (hash ^ chars[i]) * 1099511628211UL;
            }

            return hash;
        }

        /// <summary>Rounds a time down to seconds since 1970, as far as four bytes go; 0 for none.</summary>
        private static long ToSeconds(DateTime time)
        {
            long seconds = (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
            return seconds < 0 ? 0 : seconds > uint.MaxValue ? uint.MaxValue : seconds;
        }

        private static int GetPlace(int index)
        {
            return FirstAt + (index * EntryBytes);
        }

        private bool Save(MessageEnvelope unanswered)
        {
            _record[Start] = FormatVersion;
            _record[Start + 1] = (byte)_count;
            int end = GetPlace(_count);
            if (unanswered != null)
            {
                end = PutText(unanswered.MessageId, end);
                end = PutText(unanswered.CorrelationId, end);
                end = PutText(unanswered.MessageType, end);
            }

            return _file.TryWrite(end - Start);
        }

        private void Load(int length)
        {
            int count = length < FirstAt - Start ? 0 : _record[Start + 1];
            int end = GetPlace(count);
            if (length < end - Start || _record[Start] != FormatVersion || count > MaxCommands)
            {
                return;
            }

            _count = count;
            if (length > end - Start)
            {
                _unanswered = new MessageEnvelope();
                _unanswered.MessageId = GetText(ref end);
                _unanswered.CorrelationId = GetText(ref end);
                _unanswered.MessageType = GetText(ref end);
                IsInterrupted = _record[GetPlace(count - 1) + StatusAt] == Begun; // only the last one can be unanswered
            }
        }

        private void Put(int offset, int bytes, ulong value)
        {
            for (int i = 0; i < bytes; i++)
            {
                _record[offset + i] = (byte)(value >> (8 * i));
            }
        }

        private bool IsAt(int offset, ulong hash)
        {
            int i = 0;
            while (i < SentAt && _record[offset + i] == (byte)(hash >> (8 * i)))
            {
                i++;
            }

            return i == SentAt;
        }

        private ulong Get(int offset, int bytes)
        {
            ulong value = 0;
            for (int i = bytes - 1; i >= 0; i--)
            {
                value = (value << 8) | _record[offset + i];
            }

            return value;
        }

        /// <summary>Writes a length in two bytes and the text; no text is length 0.</summary>
        private int PutText(string text, int offset)
        {
            int end = text == null ? offset + 2 : Utf8.Write(text, _record, offset + 2);
            Put(offset, 2, (ulong)(end - offset - 2));
            return end;
        }

        private string GetText(ref int offset)
        {
            int length = (int)Get(offset, 2);
            string text = length == 0 ? null : Encoding.UTF8.GetString(_record, offset + 2, length);
            offset += 2 + length;
            return text;
        }
    }
}
