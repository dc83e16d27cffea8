namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The log of an outbox that keeps none: all messages are in memory. <see cref="StoredLog"/> keeps them in storage.
    /// </summary>
    internal class OutboxLog
    {
        /// <summary>The first of the places that this takes among the numbers that are kept over a sleep.</summary>
        public const int SavedAt = Time.TrustedClock.SavedEnd;

        // The places: the size of the segment that is added to, the log's bytes, the next message's sequence, the
        // segment's digit, the log's most bytes, a message's flags, the largest message.
        public const int SizeAt = SavedAt;
        public const int BytesAt = SavedAt + 1;
        public const int NextAt = SavedAt + 2;
        public const int DigitAt = SavedAt + 3;
        public const int MaxBytesAt = SavedAt + 4;
        public const int FlagsAt = SavedAt + 5;
        public const int MaxMessageSizeAt = SavedAt + 6;
        public const int SavedEnd = SavedAt + 7;

        protected readonly OutboxWindow Window;

        public OutboxLog(OutboxWindow window)
        {
            Window = window;
        }

        /// <summary>Gets a value indicating whether messages are kept in storage.</summary>
        public virtual bool IsKept => false;

        /// <summary>Gets the most bytes; see <see cref="Bytes"/>.</summary>
        public virtual int MaxBytes => Window.Options.MaxBytes;

        /// <summary>Gets the bytes in storage and those to be written there, or those in memory.</summary>
        public virtual int Bytes => Window.Buffer.Bytes;

        /// <summary>Gets a value indicating whether storage did not take what it was given last.</summary>
        public virtual bool IsFailing => true;

        /// <summary>Gets a value indicating whether messages wait in memory because storage is full or fails.</summary>
        public virtual bool IsDegraded => false;

        /// <summary>Gets or sets a value indicating whether nothing is written any more.</summary>
        public virtual bool IsSealed { get => false; set { } }

        /// <summary>Gets when to refill the head.</summary>
        public virtual long RefillDueMs => long.MaxValue;

        public virtual void OnLinkChanged(bool isUp)
        {
        }

        /// <summary>Writes what is due.</summary>
        /// <returns>When to call again, or <see cref="long.MaxValue"/>.</returns>
        public virtual long Poll(long nowMs)
        {
            return long.MaxValue;
        }

        /// <summary>Writes all that is to be written.</summary>
        /// <returns><see langword="false"/> when storage did not take it.</returns>
        public virtual bool Flush()
        {
            return true;
        }

        /// <summary>
        /// Tells how a device that sleeps adds to the log without this; the digit is -1 when it cannot.
        /// </summary>
        /// <param name="saved">The numbers that are kept over the sleep.</param>
        public void Save(long[] saved)
        {
            QueueOptions options = Window.Options;
            saved[DigitAt] = OutboxWindow.None;
            if (!options.SerializeEnvelope && Window.Stored == Window.Buffer.Count)
            {
                SavePlace(saved);
            }

            saved[FlagsAt] = MessageRecord.MakeFlags(options.Qos, options.Retain);
            saved[MaxMessageSizeAt] = options.MaxMessageSize;
        }

        /// <summary>Fills the head from storage, in order, when there are unread messages.</summary>
        public virtual void Refill()
        {
        }

        /// <summary>Finds place in storage and in the tail for a message that the head has none for.</summary>
        public virtual bool TryMakePlace(int size)
        {
            return false;
        }

        /// <summary>Removes and counts a message in memory.</summary>
        public void Drop(int position, int reason)
        {
            OnRemoving(position);
            Window.Drop(position, reason);
        }

        /// <summary>Removes a message in memory.</summary>
        public void Remove(int position)
        {
            OnRemoving(position);
            Window.Remove(position);
        }

        protected virtual void SavePlace(long[] saved)
        {
        }

        protected virtual void OnRemoving(int position)
        {
        }
    }
}
