using DeviceQueue.Diagnostics;

namespace DeviceQueue.Tests;

internal static class CountsSum
{
    extension(Counts counts)
    {
        /// <summary>Gets the sum of all counts.</summary>
        public int Total => Enumerable.Range(0, counts.Length).Sum(reason => counts[reason]);
    }
}
