
namespace DeviceQueue.Messaging
{
    /// <summary>Writes a payload where it is to stand, so that it needs no memory of its own.</summary>
    internal interface IPayloadWriter
    {
        /// <summary>Writes the payload; it may be asked more than once.</summary>
        /// <param name="buffer">Where to, at most to its end.</param>
        /// <param name="offset">At which place.</param>
        /// <returns>The number of bytes, or -1 when they do not fit.</returns>
        int Write(byte[] buffer, int offset);
    }
}
