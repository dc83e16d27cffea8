using System;
using System.Text;
using DeviceQueue.Messaging;
using DeviceQueue.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Commands
{
    /// <summary>
    /// The commands that were carried out, so that a repeat is answered and not carried out again, across reboots too:
    /// a command that changes something is recorded in storage before it is carried out, and stays there with all that
    /// an answer needs until its answer is delivered. With a command key, one with a known age stays for as long as it
    /// could be repeated; the places of others are given up, the oldest first, when all are taken. Commands that change
    /// nothing are held in memory alone, the last few, in places of their own. The record as it is stored is all the
    /// memory there is. When it cannot be read, no place is given until none of its commands could be repeated.
    /// </summary>
    public sealed class CommandHistory
    {
        /// <summary>How many commands that change something are remembered.</summary>
        public const int MaxCommands = 64;

        /// <summary>How many commands that change nothing are remembered.</summary>
        public const int MaxReads = 16;

        /// <summary>
        /// The place that this takes among the numbers that are kept over a sleep: until when no place is given, or 0.
        /// </summary>
        public const int SavedAt = Health.BootRecord.SavedEnd;

        // The record: format, number of commands, the commands, and what an answer to the last of them needs. A
        // command: its mark, which is a hash of its message_id and, in the lowest two bits, what became of it (5
        // bytes), and its sent_time in seconds since 1970 (4).
        private const byte FormatVersion = 3;
        private const int Start = TwoSlotFile.HeaderBytes;
        private const int FirstAt = Start + 2;
        private const int SentAt = 5;
        private const int EntryBytes = 9;
        private const string FirstName = "commands.0";
        private const string SecondName = "commands.1";
        private const int NoFile = -1; // as IStore.GetSize says it
        private const int MaxTypeBytes = 32;
        private const int MaxTextsBytes = (3 * 2) + CommandVerifier.MaxIdLength + EnvelopeCodec.MaxFieldBytes
            + MaxTypeBytes;
        private const int ReadsAt = FirstAt + (MaxCommands * EntryBytes) + MaxTextsBytes;

        // Up to version 0.1.0 a command had a hash of 8 bytes, its sent_time and what became of it in a byte.
        private const byte OldFormatVersion = 2;
        private const int OldSentAt = 8;
        private const int OldStatusAt = 12;
        private const int OldEntryBytes = 13;
        private const int MaxOldRecordBytes = FirstAt - Start + (MaxCommands * OldEntryBytes) + MaxTextsBytes;

        private const long StatusBits = 3;
        private const long Begun = 0;
        private const long Succeeded = 1;
        private const long Failed = 2;

        // An accepted command raises the floor below which UTC never goes, so none can have been sent later than that
        // and what a sender may be ahead.
        private const int MaxAheadSeconds = (CommandVerifier.MaxAheadMs / 1000) + 1;

        private readonly TwoSlotFile _file;
        private readonly byte[] _record = new byte[ReadsAt + (MaxReads * SentAt)];
        private readonly TrustedClock _clock;
        private readonly long _keepSeconds; // without a key none is live
        private int _count;
        private int _reads;
        private long _unknownEndMs; // 0: the record is known
        private MessageEnvelope _unanswered;

        /// <summary>Initializes a history with the commands that storage has.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="clock">Tells how old a command is.</param>
        /// <param name="keepMs">How long after its sent_time a command could be repeated, in milliseconds.</param>
        /// <param name="hasKey">Whether commands are signed; without, anybody could fill the places for as long as they
        /// like.</param>
        /// <param name="saved">What is kept over sleeps, after a sleep, or <see langword="null"/>.</param>
        public CommandHistory(IStore store, TrustedClock clock, int keepMs, bool hasKey, long[] saved = null)
        {
            _file = new TwoSlotFile(store, FirstName, SecondName, MaxOldRecordBytes);
            _clock = clock;
            _keepSeconds = hasKey ? (keepMs + 999) / 1000 : long.MinValue;
            bool isUnknown = IsUnread(store, FirstName) | IsUnread(store, SecondName);
            if (_file.TryRead(out int length))
            {
                isUnknown |= !TryLoad(_file.Buffer, Start + length);
            }
            else
            {
                isUnknown |= store.GetSize(FirstName) != NoFile || store.GetSize(SecondName) != NoFile;
            }

            _unknownEndMs = isUnknown ? clock.NowMs + keepMs : 0;
            _file.Buffer = _record; // an old record needs more room than one that is written
            if (saved == null)
            {
                return;
            }

            if (isUnknown && saved[SavedAt] > 0)
            {
                _unknownEndMs = saved[SavedAt];
                TryMakeRoom(); // now, so that an end that has passed is not taken for that of the next such record
            }

            saved[SavedAt] = _unknownEndMs;
        }

        /// <summary>
        /// Gets a value indicating whether the reboot came before the outcome of the command of
        /// <see cref="TakeUnanswered"/> was recorded; to be asked before the next is begun.
        /// </summary>
        public bool IsInterrupted => _count > 0 && (_record[GetPlace(_count - 1)] & StatusBits) == Begun;

        /// <summary>
        /// Gets a value indicating whether the record cannot be read, so that no command that changes something has a
        /// place yet.
        /// </summary>
        public bool IsUnknown => _unknownEndMs > 0;

        /// <summary>Takes the command whose answer a reboot may have cut off after it was recorded.</summary>
        /// <returns>The command without its payload, once; <see langword="null"/> when there is none.</returns>
        public MessageEnvelope TakeUnanswered()
        {
            MessageEnvelope unanswered = _unanswered;
            _unanswered = null;
            return unanswered;
        }

        /// <summary>Looks a command up.</summary>
        /// <param name="message">The command.</param>
        /// <returns>The status that was answered first, or <see langword="null"/> when the command is new.</returns>
        public string FindStatus(MessageEnvelope message)
        {
            long mark = MakeMark(Hash(message));
            int found = Find(mark, FirstAt, EntryBytes, _count);
            if (found < 0)
            {
                found = Find(mark, ReadsAt, SentAt, MaxReads);
            }

            return found < 0 ? null
                : (LittleEndian.Get(_record, found, SentAt) & StatusBits) == Succeeded
                    ? CommandAnswer.Succeeded
                    : CommandAnswer.Failed;
        }

        /// <summary>
        /// Tells whether there is a place for one more command that changes something, and makes one where that is
        /// allowed.
        /// </summary>
        /// <returns><see langword="false"/> when every place is held by a command that could still be repeated, or see
        /// <see cref="IsUnknown"/>.</returns>
        public bool TryMakeRoom()
        {
            // What could not be read must not come back as the newest record.
            if (IsUnknown && (_clock.NowMs < _unknownEndMs || !_file.TryDelete()))
            {
                return false;
            }

            _unknownEndMs = 0;
            bool isLimited = _clock.TryGetFresh(out DateTime now);
            for (int i = 0; i < MaxCommands; i++)
            {
                if (i == _count)
                {
                    return true;
                }

                if (_count == MaxCommands && !(isLimited && IsLive(i, now)))
                {
                    RemoveAt(i);
                    return true;
                }
            }

            return false;
        }

        /// <summary>
        /// Records a command that changes something before it is carried out; <see cref="TryMakeRoom"/> said yes.
        /// </summary>
        /// <param name="message">The command.</param>
        /// <returns><see langword="false"/> when the storage failed: then the command must not be carried
        /// out.</returns>
        public bool TryBegin(MessageEnvelope message)
        {
            Add(MakeMark(Hash(message)), ToSeconds(message.SentTime));
            if (!Save(message))
            {
                _count--;
                return false;
            }

            return true;
        }

        /// <summary>Records the outcome of the command that was begun last.</summary>
        /// <param name="message">The command.</param>
        /// <param name="hasSucceeded">Whether it was carried out.</param>
        public void End(MessageEnvelope message, bool hasSucceeded)
        {
            _record[GetPlace(_count - 1)] |= (byte)(hasSucceeded ? Succeeded : Failed);
            Save(message); // if this fails, a reboot reports the command as interrupted
        }

        /// <summary>Records that the last stored command's answer was delivered.</summary>
        public void OnAnswered()
        {
            Save(null); // if this fails, a reboot answers once more
        }

        /// <summary>Remembers a command that changes nothing, in place of the oldest of its kind.</summary>
        /// <param name="message">The command.</param>
        /// <param name="hasSucceeded">Whether it was carried out.</param>
        public void Note(MessageEnvelope message, bool hasSucceeded)
        {
            long mark = MakeMark(Hash(message)) | (hasSucceeded ? Succeeded : Failed);
            LittleEndian.Set(_record, ReadsAt + (_reads * SentAt), SentAt, mark);
            _reads = (_reads + 1) % MaxReads;
        }

        // FNV-1a over the message_id, 64 bits.
        private static long Hash(MessageEnvelope message)
        {
            byte[] id = message.GetBytes(MessageEnvelope.MessageIdField, out int start, out int length);
            long hash = unchecked((long)14695981039346656037UL);
            for (int end = start + length; start < end; start++)
            {
                hash = (hash ^ id[start]) * 1099511628211;
            }

            return hash;
        }

        // 38 bits of the hash above those of the status. Never 0, which is a place that nothing has taken.
        private static long MakeMark(long hash)
        {
            long mark = (hash << 2) & 0xFFFFFFFFFF;
            return mark == 0 ? StatusBits + 1 : mark;
        }

        // Rounds a time down to seconds since 1970, as far as four bytes go; 0 for none.
        private static long ToSeconds(DateTime time)
        {
            long seconds = (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
            return seconds < 0 ? 0 : seconds > uint.MaxValue ? uint.MaxValue : seconds;
        }

        private static int GetPlace(int index)
        {
            return FirstAt + (index * EntryBytes);
        }

        // A length in two bytes and the text; length 0 is no text.
        private static bool TryGetText(byte[] data, int end, ref int offset, out string text)
        {
            text = null;
            int length = offset + 2 > end ? 0 : (int)LittleEndian.Get(data, offset, 2);
            offset += 2 + length;
            if (offset > end)
            {
                return false;
            }

            text = length == 0 ? null : Encoding.UTF8.GetString(data, offset - length, length);
            return true;
        }

        private int Find(long mark, int offset, int step, int count)
        {
            byte[] record = _record;
            byte lowest = (byte)mark;
            for (int i = 0; i < count; i++)
            {
                bool mayBe = (record[offset] & ~(int)StatusBits) == lowest;
                if (mayBe && (LittleEndian.Get(record, offset, SentAt) & ~StatusBits) == mark)
                {
                    return offset;
                }

                offset += step;
            }

            return -1;
        }

        private bool IsLive(int index, DateTime now)
        {
            long age = ToSeconds(now) - LittleEndian.Get(_record, GetPlace(index) + SentAt, EntryBytes - SentAt);
            return age <= _keepSeconds && age >= -MaxAheadSeconds;
        }

        private void RemoveAt(int index)
        {
            int at = GetPlace(index);
            _count--;
            Array.Copy(_record, at + EntryBytes, _record, at, GetPlace(_count) - at);
        }

        private void Add(long mark, long sentSeconds)
        {
            int at = GetPlace(_count);
            LittleEndian.Set(_record, at, SentAt, mark);
            LittleEndian.Set(_record, at + SentAt, EntryBytes - SentAt, sentSeconds);
            _count++;
        }

        private bool Save(MessageEnvelope unanswered)
        {
            _record[Start] = FormatVersion;
            _record[Start + 1] = (byte)_count;
            int end = GetPlace(_count);
            if (unanswered != null)
            {
                end = PutText(unanswered, MessageEnvelope.MessageIdField, end);
                end = PutText(unanswered, MessageEnvelope.CorrelationIdField, end);
                end = PutText(unanswered, MessageEnvelope.MessageTypeField, end);
            }

            return !IsUnknown && _file.TryWrite(end - Start);
        }

        // One that was torn by a power cut can be read: what it lacks was not begun.
        private bool IsUnread(IStore store, string name)
        {
            int size = store.GetSize(name);
            return size < NoFile || (size > NoFile && !store.TryRead(name, _file.Buffer, out size));
        }

        // What stands in the file is input: another firmware may have written it.
        private bool TryLoad(byte[] data, int end)
        {
            bool isOld = data[Start] == OldFormatVersion;
            int size = isOld ? OldEntryBytes : EntryBytes;
            int count = end < FirstAt ? 0 : data[Start + 1];
            int at = FirstAt + (count * size);
            if (end < at || count > MaxCommands || (!isOld && data[Start] != FormatVersion))
            {
                return false;
            }

            for (int i = 0; i < count; i++)
            {
                LoadEntry(data, FirstAt + (i * size), isOld);
            }

            if (count > 0 && at < end)
            {
                LoadUnanswered(data, at, end);
            }

            return true;
        }

        private void LoadEntry(byte[] data, int at, bool isOld)
        {
            long mark = isOld
                ? MakeMark(LittleEndian.Get(data, at, OldSentAt)) | (data[at + OldStatusAt] & StatusBits)
                : LittleEndian.Get(data, at, SentAt);
            Add(mark, LittleEndian.Get(data, at + (isOld ? OldSentAt : SentAt), EntryBytes - SentAt));
        }

        private void LoadUnanswered(byte[] data, int offset, int end)
        {
            bool isWhole = TryGetText(data, end, ref offset, out string messageId);
            isWhole &= TryGetText(data, end, ref offset, out string correlationId);
            isWhole &= TryGetText(data, end, ref offset, out string messageType);
            MessageEnvelope message = new MessageEnvelope(correlationId, messageType, (byte[])null);
            message.MessageId = messageId;
            if (isWhole && CommandVerifier.HasValidId(message))
            {
                _unanswered = message;
            }
        }

        private int PutText(MessageEnvelope message, int field, int offset)
        {
            byte[] text = message.GetBytes(field, out int start, out int length);
            LittleEndian.Set(_record, offset, 2, length);
            if (length > 0)
            {
                Array.Copy(text, start, _record, offset + 2, length);
            }

            return offset + 2 + length;
        }
    }
}
