using System;

namespace DeviceQueue.Diagnostics
{
    /// <summary>Keeps faults that no code expects. Safe to call from any thread; never throws.</summary>
    public interface IFaultRecorder
    {
        /// <summary>Records an exception that reached the top of a thread which goes on.</summary>
        /// <param name="where">The thread, in words.</param>
        /// <param name="e">The exception.</param>
        void Record(string where, Exception e);
    }
}
