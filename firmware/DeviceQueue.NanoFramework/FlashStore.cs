using System;
using System.IO;
using DeviceQueue.Storage;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// Files on the board's internal storage. A write is durable once the file is closed, which is before
    /// <see cref="TryWrite"/> returns.
    /// </summary>
    public sealed class FlashStore : IStore
    {
        private const int MaxPieceBytes = 512; // FileStream.Read allocates as much as it is asked for

        private const string Root = "I:\\";

        // Two threads that open one file would get an IOException for it.
        private readonly object _lock = new object();

        /// <inheritdoc/>
        public int GetSize(string name)
        {
            lock (_lock)
            {
                try
                {
                    if (!IsThere(Root + name))
                    {
                        return -1;
                    }

                    using FileStream file = new FileStream(Root + name, FileMode.Open, FileAccess.Read);
                    return (int)file.Length;
                }
                catch (Exception)
                {
                    return -2;
                }
            }
        }

        /// <inheritdoc/>
        public bool TryRead(string name, byte[] buffer, out int count)
        {
            count = 0;
            lock (_lock)
            {
                try
                {
                    using FileStream file = new FileStream(Root + name, FileMode.Open, FileAccess.Read);
                    count = Fill(file, buffer, 0, buffer.Length);
                    return true;
                }
                catch (Exception)
                {
                    count = 0;
                    return false;
                }
            }
        }

        /// <inheritdoc/>
        public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count)
        {
            lock (_lock)
            {
                try
                {
                    using FileStream file = new FileStream(Root + name, FileMode.Open, FileAccess.Read);
                    file.Seek(position, SeekOrigin.Begin);
                    return Fill(file, buffer, offset, count) == count;
                }
                catch (Exception)
                {
                    return false;
                }
            }
        }

        /// <inheritdoc/>
        public bool TryAppend(string name, byte[] data, int offset, int count)
        {
            return TryPut(name, FileMode.Append, data, offset, count);
        }

        /// <inheritdoc/>
        public bool TryWrite(string name, byte[] data, int count)
        {
            return TryPut(name, FileMode.Create, data, 0, count);
        }

        /// <inheritdoc/>
        public bool TryDelete(string name)
        {
            lock (_lock)
            {
                try
                {
                    File.Delete(Root + name);
                    return true;
                }
                catch (Exception)
                {
                    return false;
                }
            }
        }

        /// <summary>
        /// Tells whether there is a file; throws when that cannot be told. File.Exists says false for want of memory,
        /// too.
        /// </summary>
        private static bool IsThere(string path)
        {
            try
            {
                File.GetAttributes(path);
                return true;
            }
            catch (IOException e) when (e.ErrorCode == IOException.IOExceptionErrorCode.FileNotFound)
            {
                return false;
            }
        }

        private static int Fill(FileStream file, byte[] buffer, int offset, int count)
        {
            int filled = 0;
            int read = 1;
            while (read > 0 && filled < count)
            {
                int piece = count - filled < MaxPieceBytes ? count - filled : MaxPieceBytes;
                read = file.Read(buffer, offset + filled, piece);
                filled += read;
            }

            return filled;
        }

        private bool TryPut(string name, FileMode mode, byte[] data, int offset, int count)
        {
            lock (_lock)
            {
                try
                {
                    // Close is what writes the last block: its exception counts, so it stands inside the try.
                    using (FileStream file = new FileStream(Root + name, mode, FileAccess.Write))
                    {
                        file.Write(data, offset, count);
                    }

                    return true;
                }
                catch (Exception)
                {
                    return false;
                }
            }
        }
    }
}
