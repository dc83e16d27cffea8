using System;
using System.IO;
using DeviceQueue.Platform;

namespace DeviceQueue.NanoFramework
{
    /// <summary>Files on the board's internal storage. A write is durable once the file is closed, which is before <see cref="TryWrite"/> returns.</summary>
    public sealed class FlashStore : IStore
    {
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
                    if (!File.Exists(Root + name))
                    {
                        return -1;
                    }

                    using FileStream file = new FileStream(Root + name, FileMode.Open, FileAccess.Read);
                    return (int)file.Length;
                }
                catch (Exception)
                {
                    return -1;
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
                    if (!File.Exists(Root + name))
                    {
                        return false;
                    }

                    using FileStream file = new FileStream(Root + name, FileMode.Open, FileAccess.Read);
                    int read = 1;
                    while (read > 0 && count < buffer.Length)
                    {
                        read = file.Read(buffer, count, buffer.Length - count);
                        count += read;
                    }

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
        public bool TryWrite(string name, byte[] data, int count)
        {
            lock (_lock)
            {
                try
                {
                    // Close is what writes the last block: its exception counts, so it stands inside the try.
                    using (FileStream file = new FileStream(Root + name, FileMode.Create, FileAccess.Write))
                    {
                        file.Write(data, 0, count);
                    }

                    return true;
                }
                catch (Exception)
                {
                    return false;
                }
            }
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
    }
}
