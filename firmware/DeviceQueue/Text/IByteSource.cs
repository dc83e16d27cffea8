
namespace DeviceQueue.Text
{
    /// <summary>Gives the bytes of a text piece by piece.</summary>
    public interface IByteSource
    {
        /// <summary>Reads the next bytes.</summary>
        /// <param name="buffer">Receives them.</param>
        /// <param name="offset">Where they go.</param>
        /// <param name="count">How many are wanted, 1 or more.</param>
        /// <returns>How many there are, 1 or more; 0 at the end.</returns>
        int Read(byte[] buffer, int offset, int count);

        /// <summary>Goes back to the first byte.</summary>
        void Restart();
    }
}
