namespace Mqtt;

/// <summary>The packet ids of what the broker has not answered yet; safe for several threads.</summary>
internal sealed class PacketIds
{
    private readonly int[] _taken = new int[(ushort.MaxValue + 1) / 32];
    private int _last;

    /// <summary>Takes the next free id.</summary>
    /// <exception cref="NotSentException">All are taken.</exception>
    internal ushort Take()
    {
        for (int i = 0; i < ushort.MaxValue; i++)
        {
            ushort id = (ushort)Interlocked.Increment(ref _last);
            if (id != 0 && TryTake(id))
            {
                return id;
            }
        }

        throw new NotSentException("As many requests as there are ids have no answer.");
    }

    /// <returns>False when it was taken before.</returns>
    internal bool TryTake(ushort id) => (Interlocked.Or(ref _taken[id >> 5], 1 << id) & (1 << id)) == 0;

    /// <returns>False when it was not taken: an answer that was not waited for.</returns>
    internal bool TryRelease(ushort id) => (Interlocked.And(ref _taken[id >> 5], ~(1 << id)) & (1 << id)) != 0;
}
