using System;
using System.Text;
using DeviceQueue.Json;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;

namespace DeviceQueue.Commanding
{
    /// <summary>
    /// The commands that were carried out, so that a repeat is answered and not carried out again, across reboots too: a command is recorded in storage before it
    /// is carried out, and stays there with all that an answer needs until its answer is delivered. A command with a known age stays for as long as it could be repeated; the places of others are given up, the oldest first, when all are taken.
    /// </summary>
    public sealed class CommandHistory
    {
        /// <summary>How many commands are remembered.</summary>
        public const int MaxCommands = 64;

        private const byte FormatVersion = 1;
        private const int HeaderBytes = 2;
        private const int EntryBytes = 17;
        private const int MaxTextBytes = EnvelopeCodec.MaxFieldBytes;
        private const int RecordBytes = HeaderBytes + (MaxCommands * EntryBytes) + (3 * (2 + MaxTextBytes));
        private const byte Begun = 0;
        private const byte Succeeded = 1;
        private const byte Failed = 2;

        private readonly TwoSlotFile _file;
        private readonly TrustedClock _clock;
        private readonly int _keepMs;
        private readonly byte[] _record = new byte[RecordBytes];
        private readonly long[] _hashes = new long[MaxCommands];
        private readonly long[] _sentTicks = new long[MaxCommands];
        private readonly byte[] _statuses = new byte[MaxCommands];
        private int _count;
        private MessageEnvelope _unanswered;

        /// <summary>Initializes a new instance of the <see cref="CommandHistory"/> class with what storage has.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="clock">Tells how old a command is.</param>
        /// <param name="keepMs">How long after its sent_time a command could be repeated, in milliseconds.</param>
        public CommandHistory(IStore store, TrustedClock clock, int keepMs)
        {
            _file = new TwoSlotFile(store, "commands.0", "commands.1", RecordBytes);
            _clock = clock;
            _keepMs = keepMs;
            if (_file.TryRead(_record, out int length))
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
            int i = Find(Hash(messageId));
            return i < 0 ? null : _statuses[i] == Succeeded ? CommandAnswer.Succeeded : CommandAnswer.Failed;
        }

        /// <summary>Tells whether there is a place for one more command, and makes one where that is allowed.</summary>
        /// <returns><see langword="false"/> when every place is held by a command that could still be repeated.</returns>
        public bool TryMakeRoom()
        {
            if (_count < MaxCommands)
            {
                return true;
            }

            bool hasUtc = _clock.TryGetFresh(out DateTime now);
            long limit = hasUtc ? now.Ticks - (_keepMs * TimeSpan.TicksPerMillisecond) : 0;
            for (int i = 0; i < _count; i++)
            {
                if (!hasUtc || _sentTicks[i] < limit)
                {
                    RemoveAt(i);
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
            _hashes[_count] = Hash(message.MessageId);
            _sentTicks[_count] = message.SentTime == DateTime.MinValue ? 0 : message.SentTime.Ticks;
            _statuses[_count] = Begun;
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
            _statuses[_count - 1] = hasSucceeded ? Succeeded : Failed;
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
        private static long Hash(string text)
        {
            ulong hash = 14695981039346656037UL;
            char[] chars = text.ToCharArray();
            for (int i = 0; i < chars.Length; i++)
            {
                hash = (hash ^ chars[i]) * 1099511628211UL;
            }

            return (long)hash;
        }

        private int Find(long hash)
        {
            for (int i = 0; i < _count; i++)
            {
                if (_hashes[i] == hash)
                {
                    return i;
                }
            }

            return -1;
        }

        private void RemoveAt(int index)
        {
            _count--;
            Array.Copy(_hashes, index + 1, _hashes, index, _count - index);
            Array.Copy(_sentTicks, index + 1, _sentTicks, index, _count - index);
            Array.Copy(_statuses, index + 1, _statuses, index, _count - index);
        }

        private bool Save(MessageEnvelope unanswered)
        {
            _record[0] = FormatVersion;
            _record[1] = (byte)_count;
            int end = HeaderBytes;
            for (int i = 0; i < _count; i++)
            {
                PutLong(_hashes[i], end);
                PutLong(_sentTicks[i], end + 8);
                _record[end + 16] = _statuses[i];
                end += EntryBytes;
            }

            if (unanswered != null)
            {
                end = PutText(unanswered.MessageId, end);
                end = PutText(unanswered.CorrelationId, end);
                end = PutText(unanswered.MessageType, end);
            }

            return _file.TryWrite(_record, end);
        }

        private void Load(int length)
        {
            int count = length < HeaderBytes ? 0 : _record[1];
            int end = HeaderBytes + (count * EntryBytes);
            if (length < end || _record[0] != FormatVersion || count > MaxCommands)
            {
                return;
            }

            _count = count;
            for (int i = 0; i < count; i++)
            {
                int at = HeaderBytes + (i * EntryBytes);
                _hashes[i] = GetLong(at);
                _sentTicks[i] = GetLong(at + 8);
                _statuses[i] = _record[at + 16];
            }

            if (length > end)
            {
                _unanswered = new MessageEnvelope();
                _unanswered.MessageId = GetText(ref end);
                _unanswered.CorrelationId = GetText(ref end);
                _unanswered.MessageType = GetText(ref end);
                IsInterrupted = _statuses[count - 1] == Begun; // only the last one can be unanswered
            }
        }

        private void PutLong(long value, int offset)
        {
            for (int i = 0; i < 8; i++)
            {
                _record[offset + i] = (byte)(value >> (8 * i));
            }
        }

        private long GetLong(int offset)
        {
            long value = 0;
            for (int i = 7; i >= 0; i--)
            {
                value = (value << 8) | _record[offset + i];
            }

            return value;
        }

        /// <summary>Writes a length in two bytes and the text; no text is length 0.</summary>
        private int PutText(string text, int offset)
        {
            int end = text == null ? offset + 2 : Utf8.Write(text, _record, offset + 2);
            int length = end - offset - 2;
            _record[offset] = (byte)length;
            _record[offset + 1] = (byte)(length >> 8);
            return end;
        }

        private string GetText(ref int offset)
        {
            int length = _record[offset] | (_record[offset + 1] << 8);
            string text = length == 0 ? null : Encoding.UTF8.GetString(_record, offset + 2, length);
            offset += 2 + length;
            return text;
        }
    }
}
