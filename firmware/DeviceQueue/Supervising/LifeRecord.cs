using System;
using System.Text;
using DeviceQueue.Commanding;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;

namespace DeviceQueue.Supervising
{
    /// <summary>
    /// What the device remembers of how it fared, across reboots and power cuts: boots that failed, the last exception, what was dropped and rejected. Written a few
    /// times a boot and then hourly at most, never per message. Safe to call from any thread.
    /// </summary>
    public sealed class LifeRecord : IFaultRecorder
    {
        /// <summary>After so many failed boots in a row the next one is in safe mode.</summary>
        public const int MaxFailedBoots = 5;

        /// <summary>A boot that stays up so long, in milliseconds, has not failed.</summary>
        public const int StableMs = 600000;

        /// <summary>The most characters of the last fault's text.</summary>
        public const int MaxFaultLength = 120;

        private const int MaxBytes = 2560;
        private const int MaxCounted = 255;
        private const string DroppedPrefix = "d.";
        private const string RejectedPrefix = "r.";

        private readonly object _lock = new object();
        private readonly IStore _store;
        private int _failedBoots;
        private string _identity;
        private bool _isFaultStored;
        private bool _isBegun;
        private bool _isFailing;
        private int _rebootStep;

        /// <summary>Initializes a new instance of the <see cref="LifeRecord"/> class with what is in the storage, in the files <c>life.0</c> and <c>life.1</c>.</summary>
        /// <param name="store">The storage.</param>
        public LifeRecord(IStore store)
        {
            _store = store;
            try
            {
                TwoSlotFile file = OpenFile(_store);
                if (file.TryRead(out int count))
                {
                    Read(ConfigParams.FromString(Encoding.UTF8.GetString(file.Buffer, TwoSlotFile.HeaderBytes, count)));
                }
            }
            catch (Exception)
            {
                // A record of some other firmware, whole and strange: what it says is lost, and the device starts.
            }
        }

        /// <summary>Gets a value indicating whether this boot is in safe mode.</summary>
        public bool IsSafeMode { get; private set; }

        /// <summary>Gets how many boots in a row before this one failed.</summary>
        public int FailedBoots { get; private set; }

        /// <summary>Gets how many exceptions reached the top of a thread, over all boots.</summary>
        public int Faults { get; private set; }

        /// <summary>Gets the last of them, or <see langword="null"/>.</summary>
        public string LastFault { get; private set; }

        /// <summary>Gets a value indicating whether the last boot left the calendar at a floor, so that a date that survived the reboot is none.</summary>
        public bool WasFloorClock { get; private set; }

        /// <summary>Gets a value indicating whether the calendar was set to a floor in this boot and not rightly since.</summary>
        public bool IsFloorClock { get; private set; }

        /// <summary>Gets what was dropped, by reason.</summary>
        public Counts Dropped { get; } = new Counts(DropReason.Names);

        /// <summary>Gets the rejected commands, by code.</summary>
        public Counts Rejected { get; } = new Counts(CommandCode.Rejections);

        /// <summary>Gets or sets how many reboots for want of a broker there were in a row; stored by <see cref="Store"/>.</summary>
        public int RebootStep
        {
            get => _rebootStep;
            set => _rebootStep = value < MaxCounted ? value : MaxCounted;
        }

        /// <summary>Removes the record.</summary>
        /// <param name="store">The storage.</param>
        /// <returns><see langword="true"/> when nothing of it is left.</returns>
        public static bool TryDelete(IStore store)
        {
            return OpenFile(store).TryDelete();
        }

        /// <summary>Begins the boot proper: it counts as failed until it has stayed up. Another firmware or another settings file starts with a clean slate.</summary>
        /// <param name="identity">Stands for firmware and settings file; of letters, digits, <c>.</c> and <c>/</c>.</param>
        public void Begin(string identity)
        {
            lock (_lock)
            {
                FailedBoots = identity == _identity ? _failedBoots : 0;
                IsSafeMode = FailedBoots >= MaxFailedBoots;
                _identity = identity;
                CountBoot();
                Write();
            }
        }

        /// <summary>Says that this boot has stayed up. After safe mode one boot with all settings is tried.</summary>
        public void SetStable()
        {
            lock (_lock)
            {
                _failedBoots = IsSafeMode ? MaxFailedBoots - 1 : 0;
                Write();
            }
        }

        /// <summary>Says that the device goes down because it wants to: this boot has not failed. Without effect after <see cref="RecordFatal"/>.</summary>
        public void PlanRestart()
        {
            lock (_lock)
            {
                _failedBoots = !_isFailing && _failedBoots > FailedBoots ? FailedBoots : _failedBoots;
                Write();
            }
        }

        /// <summary>Remembers that the calendar was set to a floor, or that it was set rightly since.</summary>
        /// <param name="isFloor">Which.</param>
        public void SetFloorClock(bool isFloor)
        {
            lock (_lock)
            {
                IsFloorClock = isFloor;
                Write();
            }
        }

        /// <summary>Stores the counts, unless they are stored already.</summary>
        public void Store()
        {
            lock (_lock)
            {
                Write();
            }
        }

        /// <inheritdoc/>
        public void Record(string where, Exception e)
        {
            try
            {
                lock (_lock)
                {
                    Faults++;
                    if (!_isFailing)
                    {
                        SetLastFault(where, e.GetType().Name + ": " + e.Message); // what ends the boot has the last word
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
            _isFailing = true;
            try
            {
                lock (_lock)
                {
                    if (!_isBegun)
                    {
                        CountBoot();
                    }

                    Faults++;
                    SetLastFault(where, what);
                    Write();
                }
            }
            catch (Exception)
            {
                // As above; the reboot is what matters.
            }
        }

        private void CountBoot()
        {
            _isBegun = true;
            _failedBoots = FailedBoots < MaxCounted ? FailedBoots + 1 : MaxCounted;
        }

        private void SetLastFault(string where, string what)
        {
            LastFault = Cut(where + ": " + what);
        }

        private static string Cut(string text)
        {
            return text != null && text.Length > MaxFaultLength ? text.Substring(0, MaxFaultLength) : text;
        }

        private void Read(ConfigParams record)
        {
            _identity = Cut(record.Get("for"));
            record.TryGetInteger("failed", out _failedBoots);
            FailedBoots = _failedBoots;
            record.TryGetInteger("step", out _rebootStep);
            record.TryGetInteger("faults", out int faults);
            Faults = faults;
            LastFault = Cut(record.Get("fault"));
            WasFloorClock = record.Contains("floor");
            for (int i = 0; i < record.Count; i++)
            {
                string key = record.GetKey(i);
                Counts counts = key.StartsWith(DroppedPrefix) ? Dropped : key.StartsWith(RejectedPrefix) ? Rejected : null;
                int reason = counts == null ? -1 : counts.Find(key.Substring(DroppedPrefix.Length));
                if (reason >= 0 && record.TryGetInteger(key, out int count) && count > 0)
                {
                    counts.Add(reason, count);
                }
            }
        }

        private void Write()
        {
            StringBuilder text = new StringBuilder();
            text.Append("for=").Append(_identity).Append(";failed=").Append(_failedBoots.ToString()).Append(";step=").Append(_rebootStep.ToString());
            text.Append(";faults=").Append(Faults.ToString()).Append(IsFloorClock ? ";floor=1" : string.Empty);
            Append(text, DroppedPrefix, Dropped);
            Append(text, RejectedPrefix, Rejected);
            if (LastFault != null)
            {
                text.Append(";fault=").Append(Plain(LastFault));
            }

            byte[] record = Encoding.UTF8.GetBytes(text.ToString());
            OpenFile(_store).TryUpdate(record, record.Length);
        }

        private static void Append(StringBuilder text, string prefix, Counts counts)
        {
            for (int i = 0; i < counts.Length; i++)
            {
                if (counts[i] > 0)
                {
                    text.Append(';').Append(prefix).Append(counts.GetName(i)).Append('=').Append(counts[i].ToString());
                }
            }
        }

        private static string Plain(string value)
        {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < value.Length; i++)
            {
                text.Append(value[i] == ';' ? ',' : value[i]);
            }

            return text.ToString();
        }

        private static TwoSlotFile OpenFile(IStore store)
        {
            return new TwoSlotFile(store, "life.0", "life.1", MaxBytes);
        }
    }
}
