
namespace DeviceQueue.Messaging
{
    /// <summary>What a queue does with a message that does not fit.</summary>
    public enum OverflowPolicy
    {
        /// <summary>Refuses it with an error.</summary>
        Reject = 0,

        /// <summary>Drops the oldest until it fits.</summary>
        DropOldest = 1,

        /// <summary>Drops it and says nothing to the sender.</summary>
        DropNewest = 2,

        /// <summary>Keeps only the newest message of each topic; what still does not fit is refused.</summary>
        Coalesce = 3,
    }
}
