
namespace DeviceQueue.Storage
{
    /// <summary>
    /// Named files that survive a reboot. Names are 1 to 32 of a-z 0-9 . _ -. No member throws: storage that fails is a
    /// state of the device, not its end. A power cut during <see cref="TryWrite"/> can leave any part of the new
    /// content, so what must be whole carries a sequence and a CRC of its own.
    /// </summary>
    public interface IStore
    {
        /// <summary>Gets the size of a file.</summary>
        /// <param name="name">The file's name.</param>
        /// <returns>The size in bytes, -1 when there is no such file, or -2 when that cannot be told: storage fails, or
        /// there is no memory to look.</returns>
        int GetSize(string name);

        /// <summary>Reads a file from its start.</summary>
        /// <param name="name">The file's name.</param>
        /// <param name="buffer">Receives the content, at most its length.</param>
        /// <param name="count">The number of bytes read.</param>
        /// <returns><see langword="false"/> when there is no such file or it cannot be read.</returns>
        bool TryRead(string name, byte[] buffer, out int count);

        /// <summary>Reads a part of a file.</summary>
        /// <param name="name">The file's name.</param>
        /// <param name="position">Where the part starts, 0 to the file's size.</param>
        /// <param name="buffer">Receives the part.</param>
        /// <param name="offset">Where in the buffer.</param>
        /// <param name="count">How many bytes are wanted.</param>
        /// <returns><see langword="false"/> when there is no such file, it ends before the part does, or it cannot be
        /// read.</returns>
        bool TryReadAt(string name, int position, byte[] buffer, int offset, int count);

        /// <summary>
        /// Adds to a file's end; durable when this returns <see langword="true"/>. A power cut or a failure can leave
        /// the first bytes of what was added.
        /// </summary>
        /// <param name="name">The file's name; the file is created when there is none.</param>
        /// <param name="data">Holds what is added.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How many bytes it has.</param>
        /// <returns><see langword="false"/> when the storage is full or fails; what the file had is still
        /// there.</returns>
        bool TryAppend(string name, byte[] data, int offset, int count);

        /// <summary>Replaces a file's content; durable when this returns <see langword="true"/>.</summary>
        /// <param name="name">The file's name; the file is created when there is none.</param>
        /// <param name="data">The new content.</param>
        /// <param name="count">How many bytes of <paramref name="data"/>, from its start, are the content.</param>
        /// <returns><see langword="false"/> when the storage is full or fails; the old content may be gone
        /// then.</returns>
        bool TryWrite(string name, byte[] data, int count);

        /// <summary>Removes a file.</summary>
        /// <param name="name">The file's name.</param>
        /// <returns><see langword="true"/> when there is no such file any more.</returns>
        bool TryDelete(string name);
    }
}
