using System;
using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Health
{
    /// <summary>
    /// What the device remembers across reboots and power cuts: boots that failed, the last fault, what was lost and
    /// refused. Written a few times a boot and then hourly at most, never per message. A write that fails is due again,
    /// see <see cref="IsStored"/>. Safe to call from any thread.
    /// </summary>
    public sealed class Journal : IFaultRecorder, IHealthPart
    {
        /// <summary>The most bytes of the last fault's text, in UTF-8.</summary>
        public const int MaxFaultBytes = 120;

        /// <summary>
        /// What the refused commands are counted by: the codes of rejections, and the statuses of those that were
        /// refused without one.
        /// </summary>
        public const string RejectionNames =
            "bad_envelope unknown_command bad_arguments unknown_output retained unsigned"
            + " bad_signature key_required no_clock bad_time busy too_large internal_error expired duplicate"
            + " not_recorded other";

        // The record: version, failed boots in thirds, reboot step, flags, identity, faults, two lists of counts, the
        // fault's text. A list is its length in a byte and four bytes a count, the text its length in a byte and its
        // bytes. A record of text, which starts with a letter, is that of 0.1.0 (JournalText).
        private const byte Version = 2;
        private const int FailedAt = TwoSlotFile.HeaderBytes + 1;
        private const int StepAt = FailedAt + 1;
        private const int FlagsAt = StepAt + 1;
        private const int IdentityAt = FlagsAt + 1;
        private const int FaultsAt = IdentityAt + 4;
        private const int ListsAt = FaultsAt + 4;
        private const byte FloorFlag = 1;
        private const string FirstName = "life.0";
        private const string SecondName = "life.1";
        private const int Thirds = 3;
        private const int MaxByte = 255;

        private readonly TwoSlotFile _file;
        private uint _identity;
        private uint _storedCrc;
        private int _before;
        private int _share;
        private int _safeModeBoots;
        private int _rebootStep;
        private bool _isFaultStored;
        private bool _isBegun;
        private bool _isFailing;

        /// <summary>
        /// Reads what is in the storage, in the files <c>life.0</c> and <c>life.1</c>; a record that cannot be read is
        /// left out.
        /// </summary>
        /// <param name="store">The storage.</param>
        public Journal(IStore store)
        {
            Dropped = new Counts(DropReason.Names);
            Rejected = new Counts(RejectionNames);
            Buffer = new byte[ListsAt + 2 + (4 * (Dropped.Length + Rejected.Length)) + 1 + MaxFaultBytes];
            bool isLong = store.GetSize(FirstName) > Buffer.Length || store.GetSize(SecondName) > Buffer.Length;
            _file = OpenFile(store, Buffer);
            try
            {
                _file.Buffer = isLong ? new byte[TwoSlotFile.HeaderBytes + JournalText.MaxBytes] : Buffer;
                if (_file.TryRead(out int count))
                {
                    Read(_file.Buffer, TwoSlotFile.HeaderBytes + count);
                }
            }
            catch (Exception)
            {
                // A record of another firmware, or no memory to read it: what it says is lost, and the device starts.
            }

            _file.Buffer = Buffer;
        }

        /// <summary>Gets the buffer of this record, which other small records share; lock it to use it.</summary>
        public byte[] Buffer { get; }

        /// <summary>Gets a value indicating whether all is stored; otherwise <see cref="Store"/> is due.</summary>
        public bool IsStored { get; private set; } = true;

        /// <summary>Gets a value indicating whether this boot is in safe mode.</summary>
        public bool IsSafeMode { get; private set; }

        /// <summary>
        /// Gets how many boots in a row before this one failed; three that got as far as a reading count as one.
        /// </summary>
        public int FailedBoots => _before / Thirds;

        /// <summary>Gets how many exceptions reached the top of a thread, over all boots.</summary>
        public int Faults { get; private set; }

        /// <summary>Gets the last of them, or <see langword="null"/>.</summary>
        public string LastFault { get; private set; }

        /// <summary>
        /// Gets a value indicating whether the last boot left the calendar at a floor, so that a date that survived the
        /// reboot is none.
        /// </summary>
        public bool WasFloorClock { get; private set; }

        /// <summary>
        /// Gets a value indicating whether the calendar was set to a floor in this boot and not rightly since.
        /// </summary>
        public bool IsFloorClock { get; private set; }

        /// <summary>Gets what was lost, by <see cref="DropReason"/>.</summary>
        public Counts Dropped { get; }

        /// <summary>Gets the refused commands, by code.</summary>
        public Counts Rejected { get; }

        /// <summary>
        /// Gets or sets how many reboots for want of a broker there were in a row; stored by <see cref="Store"/>.
        /// </summary>
        public int RebootStep
        {
            get => _rebootStep;
            set => _rebootStep = value < MaxByte ? value : MaxByte;
        }

        /// <summary>Removes the record.</summary>
        /// <param name="store">The storage.</param>
        /// <returns><see langword="true"/> when nothing of it is left.</returns>
        public static bool TryDelete(IStore store)
        {
            return OpenFile(store, null).TryDelete();
        }

        /// <summary>
        /// Begins the boot proper: it counts as failed until it has stayed up. Other firmware or another settings file
        /// starts with a clean slate.
        /// </summary>
        /// <param name="identity">Stands for firmware and settings file.</param>
        /// <param name="safeModeBoots">After so many failed boots in a row comes safe mode; 0 for never.</param>
        public void Begin(string identity, int safeModeBoots)
        {
            lock (Buffer)
            {
                uint hash = Hash(identity);
                _before = hash == _identity ? _before : 0;
                _identity = hash;
                _safeModeBoots = safeModeBoots;
                IsSafeMode = safeModeBoots > 0 && _before >= Thirds * safeModeBoots;
                _isBegun = true;
                _share = Thirds;
                Write();
            }
        }

        /// <summary>
        /// Goes on with a boot that has slept: it is no other one, and has failed no more than before. Nothing is
        /// written.
        /// </summary>
        /// <param name="share">What <see cref="Share"/> was.</param>
        public void Resume(int share)
        {
            lock (Buffer)
            {
                _share = share < _before ? share : _before;
                _before -= _share;
                IsFloorClock = WasFloorClock;
                _isBegun = true;
                int end = Fill();
                _storedCrc = Crc32.Compute(Buffer, TwoSlotFile.HeaderBytes, end - TwoSlotFile.HeaderBytes);
            }
        }

        /// <summary>Gets what this boot counts as while it may still fail, in thirds of a failed one.</summary>
        public int Share => _share;

        /// <summary>
        /// Says that this boot got as far as a reading: if it ends early and had no fault, someone switched it off, and
        /// it counts a third.
        /// </summary>
        public void SetReading()
        {
            lock (Buffer)
            {
                if (_share == Thirds && !_isFaultStored && !_isFailing)
                {
                    _share = 1;
                    Write();
                }
            }
        }

        /// <summary>Says that this boot has stayed up. After safe mode one boot with all settings is tried.</summary>
        public void SetStable()
        {
            lock (Buffer)
            {
                _before = IsSafeMode ? Thirds * (_safeModeBoots - 1) : 0;
                _share = 0;
                Write();
            }
        }

        /// <summary>
        /// Says that the device goes down because it wants to: this boot has not failed. Without effect after <see
        /// cref="RecordFatal"/>.
        /// </summary>
        public void PlanRestart()
        {
            lock (Buffer)
            {
                _share = _isFailing ? _share : 0;
                Write();
            }
        }

        /// <summary>Remembers that the calendar was set to a floor, or that it was set rightly since.</summary>
        /// <param name="isFloor">Which.</param>
        public void SetFloorClock(bool isFloor)
        {
            lock (Buffer)
            {
                IsFloorClock = isFloor;
                Write();
            }
        }

        /// <summary>Stores the counts, and what could not be stored before, unless all is stored already.</summary>
        public void Store()
        {
            lock (Buffer)
            {
                Write();
            }
        }

        /// <inheritdoc/>
        public void Record(string where, Exception e)
        {
            try
            {
                lock (Buffer)
                {
                    Count();
                    if (!_isFailing)
                    {
                        // Otherwise what ends the boot has the last word.
                        LastFault = PlainText.Cut(where + ": " + e.GetType().Name + ": " + e.Message, MaxFaultBytes);
                    }

                    if (!_isFaultStored)
                    {
                        // The first of a boot; the others are stored with the counts, however often they come.
                        _isFaultStored = true;
                        Write();
                    }
                }
            }
            catch (Exception)
            {
                // Out of memory, most likely: what handles faults must not be the next.
            }
        }

        /// <summary>Records what ends this boot, and that it failed. Never throws.</summary>
        /// <param name="where">Where, in words.</param>
        /// <param name="what">What happened.</param>
        public void RecordFatal(string where, string what)
        {
            try
            {
                lock (Buffer)
                {
                    _isFailing = true;
                    _share = _isBegun ? _share : Thirds;
                    Count();
                    LastFault = PlainText.Cut(where + ": " + what, MaxFaultBytes);
                    Write();
                }
            }
            catch (Exception)
            {
                // As above; the reboot is what matters.
            }
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            writer.Name("safe_mode");
            writer.WriteBoolean(IsSafeMode);
            writer.Name("dropped");
            writer.BeginObject();
            Dropped.Write(writer, DropReason.Reported, true);
            writer.EndObject();
            writer.Name("rejected");
            writer.BeginObject();
            Rejected.Write(writer, Rejected.Length, false);
            writer.EndObject();
            writer.Name("faults");
            writer.WriteNumber(Faults);
        }

        private static TwoSlotFile OpenFile(IStore store, byte[] buffer)
        {
            return new TwoSlotFile(store, FirstName, SecondName, buffer);
        }

        /// <summary>FNV-1a over the characters, 32 bits.</summary>
        private static uint Hash(string text)
        {
            uint hash = 2166136261;
            char[] chars = (text ?? string.Empty).ToCharArray();
            for (int i = 0; i < chars.Length; i++)
            {
                hash = (hash ^ chars[i]) * 16777619;
            }

            return hash;
        }

        /// <summary>Counts a fault: a boot with one is no boot that someone merely switched off.</summary>
        private void Count()
        {
            Faults = Faults < int.MaxValue ? Faults + 1 : Faults;
            if (_share == 1)
            {
                _share = Thirds;
                _isFaultStored = false;
            }
        }

        private void Read(byte[] record, int end)
        {
            if (end < ListsAt || record[TwoSlotFile.HeaderBytes] != Version)
            {
                int length = end - TwoSlotFile.HeaderBytes;
                ReadText(new JournalText(Encoding.UTF8.GetString(record, TwoSlotFile.HeaderBytes, length)));
                return;
            }

            _before = record[FailedAt];
            _rebootStep = record[StepAt];
            WasFloorClock = (record[FlagsAt] & FloorFlag) != 0;
            _identity = (uint)LittleEndian.Get(record, IdentityAt, 4);
            Faults = Counts.Limit(LittleEndian.Get(record, FaultsAt, 4));
            int at = Dropped.Restore(record, ListsAt, end);
            at = Rejected.Restore(record, at, end);
            int bytes = at < end ? record[at] : 0;
            if (bytes > 0 && at + 1 + bytes <= end)
            {
                LastFault = PlainText.Cut(Encoding.UTF8.GetString(record, at + 1, bytes), MaxFaultBytes);
            }
        }

        private void ReadText(JournalText text)
        {
            _identity = Hash(text.Get("for"));
            _before = Thirds * text.GetNumber("failed", MaxByte / Thirds);
            _rebootStep = text.GetNumber("step", MaxByte);
            Faults = text.GetNumber("faults", int.MaxValue);
            LastFault = PlainText.Cut(text.Get("fault"), MaxFaultBytes);
            WasFloorClock = text.Get("floor") != null;
            text.GetCounts("d.", Dropped);
            text.GetCounts("r.", Rejected);
        }

        private void Write()
        {
            int end = Fill();
            uint crc = Crc32.Compute(Buffer, TwoSlotFile.HeaderBytes, end - TwoSlotFile.HeaderBytes);
            IsStored = false; // also when the storage throws
            IsStored = crc == _storedCrc || _file.TryWrite(end - TwoSlotFile.HeaderBytes);
            _storedCrc = IsStored ? crc : _storedCrc;
        }

        // Makes the record; its end.
        private int Fill()
        {
            int failed = _before + _share;
            Buffer[TwoSlotFile.HeaderBytes] = Version;
            Buffer[FailedAt] = (byte)(failed < MaxByte ? failed : MaxByte);
            Buffer[StepAt] = (byte)_rebootStep;
            Buffer[FlagsAt] = IsFloorClock ? FloorFlag : (byte)0;
            LittleEndian.Set(Buffer, IdentityAt, 4, _identity);
            LittleEndian.Set(Buffer, FaultsAt, 4, Faults);
            int at = Dropped.Store(Buffer, ListsAt);
            at = Rejected.Store(Buffer, at);
            int end = Utf8.Write(LastFault, Buffer, at + 1);
            Buffer[at] = (byte)(end - at - 1);
            return end;
        }
    }
}
