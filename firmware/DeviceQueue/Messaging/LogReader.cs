using DeviceQueue.Storage;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Goes through the records of a segment of an outbox's log, which it reads in pieces into memory that its user
    /// does not need just now.
    /// </summary>
    internal sealed class LogReader
    {
        /// <summary>No segment.</summary>
        public const int None = -1;

        /// <summary>A whole record.</summary>
        public const int Found = 0;

        /// <summary>No more records.</summary>
        public const int AtEnd = 1;

        /// <summary>There is not enough memory for the next one.</summary>
        public const int NoRoom = 2;

        /// <summary>Storage could not be read; what it holds may be as it should.</summary>
        public const int Failing = 3;

        private const int MaxPieceBytes = 512; // the device's file system allocates as much as is read at one go

        private readonly LogSegments _segments;
        private readonly int _maxRecordBytes;
        private int _position;
        private int _end;

        /// <summary>Initializes a new instance of the <see cref="LogReader"/> class.</summary>
        /// <param name="segments">The segments.</param>
        /// <param name="maxMessageBytes">The largest message that can be brought into memory.</param>
        public LogReader(LogSegments segments, int maxMessageBytes)
        {
            _segments = segments;
            _maxRecordBytes = MessageRecord.HeaderBytes + MessageRecord.ReplacedBytes + maxMessageBytes;
        }

        /// <summary>Gets the segment, or <see cref="None"/>.</summary>
        public int Segment { get; private set; } = None;

        /// <summary>
        /// Gets where in memory the record is that <see cref="Find"/> found; of one that there is no memory for, its
        /// first bytes.
        /// </summary>
        public int At { get; private set; }

        /// <summary>Gets how many bytes were no record that <see cref="Find"/> has passed over.</summary>
        public int Skipped { get; private set; }

        /// <summary>Goes to the start of a segment.</summary>
        public void Start(int segment)
        {
            Segment = segment;
            _position = 0;
            Forget();
        }

        /// <summary>Forgets the piece: the memory that it is in is used for something else.</summary>
        public void Forget()
        {
            At = 0;
            _end = 0;
        }

        /// <summary>Finds the next whole record, past whatever else is there.</summary>
        /// <param name="data">Memory.</param>
        /// <param name="free">Where what is free starts.</param>
        /// <param name="size">The segment's size.</param>
        /// <returns>What was found, a constant of this class.</returns>
        public int Find(byte[] data, int free, int size)
        {
            Skipped = 0;
            while (_position + MessageRecord.HeaderBytes <= size)
            {
                int result = Load(data, free, size, MessageRecord.HeaderBytes);
                if (result == Found && MessageRecord.IsPlausible(data, At))
                {
                    result = Check(data, free, size);
                    if (result == Found)
                    {
                        return Found;
                    }
                }

                if (result == NoRoom || result == Failing)
                {
                    return result;
                }

                Skip(1);
                Skipped++;
            }

            Skipped += size > _position ? size - _position : 0;
            return AtEnd;
        }

        /// <summary>Goes on behind the record that was found.</summary>
        public void Advance(byte[] data)
        {
            Skip(MessageRecord.GetSize(data, At));
        }

        private void Skip(int count)
        {
            _position += count;
            At += count;
        }

        /// <summary>Tells whether all of a record is there as it was written; <see cref="AtEnd"/>: it is not.</summary>
        private int Check(byte[] data, int free, int size)
        {
            int recordBytes = MessageRecord.GetSize(data, At);
            if (recordBytes > size - _position)
            {
                return AtEnd;
            }

            bool isLarge = recordBytes > _maxRecordBytes;
            int result = isLarge ? Found : Load(data, free, size, recordBytes);
            if (result != Found)
            {
                return result;
            }

            uint wanted = MessageRecord.GetCrc(data, At);
            uint crc = MessageRecord.ComputeHeadCrc(data, At);
            int bodyBytes = recordBytes - MessageRecord.HeaderBytes;
            if (!isLarge)
            {
                crc = Crc32.Append(crc, data, At + MessageRecord.HeaderBytes, bodyBytes);
            }
            else if (!TryAppendBody(data, free, bodyBytes, ref crc))
            {
                return Failing;
            }

            if (isLarge)
            {
                result = Load(data, free, size, MessageRecord.HeaderBytes + MessageRecord.ReplacedBytes);
            }

            return result != Found ? result : crc == wanted && MessageRecord.IsConsistent(data, At) ? Found : AtEnd;
        }

        // Of a record that there is no memory for as a whole.
        private bool TryAppendBody(byte[] data, int free, int count, ref uint crc)
        {
            Forget();
            for (int done = 0; done < count;)
            {
                int piece = Least(count - done, MaxPieceBytes, data.Length - free);
                if (!_segments.TryRead(Segment, _position + MessageRecord.HeaderBytes + done, data, free, piece))
                {
                    return false;
                }

                crc = Crc32.Append(crc, data, free, piece);
                done += piece;
            }

            return true;
        }

        private int Load(byte[] data, int free, int size, int count)
        {
            if (At + count <= _end)
            {
                return Found;
            }

            int piece = Least(size - _position, count > MaxPieceBytes ? count : MaxPieceBytes, data.Length - free);
            if (piece < count)
            {
                return NoRoom;
            }

            bool isRead = _segments.TryRead(Segment, _position, data, free, piece);
            At = free;
            _end = isRead ? free + piece : 0;
            return isRead ? Found : Failing;
        }

        private static int Least(int one, int two, int three)
        {
            int least = one < two ? one : two;
            return least < three ? least : three;
        }
    }
}
