using System;

namespace DeviceQueue.Text
{
    /// <summary>Gives bytes that are in memory.</summary>
    public sealed class BytesSource : IByteSource
    {
        private readonly byte[] _data;
        private readonly int _count;
        private int _position;

        /// <summary>Initializes a source at its first byte.</summary>
        /// <param name="data">The bytes, which are not copied.</param>
        /// <param name="count">How many of them, from the start, there are.</param>
        public BytesSource(byte[] data, int count)
        {
            _data = data;
            _count = count;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            count = count < _count - _position ? count : _count - _position;
            Array.Copy(_data, _position, buffer, offset, count);
            _position += count;
            return count;
        }

        /// <inheritdoc/>
        public void Restart()
        {
            _position = 0;
        }
    }
}
