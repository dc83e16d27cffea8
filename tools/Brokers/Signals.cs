using System.Runtime.InteropServices;

namespace Brokers;

/// <summary>The Unix signals that stop a process, let it go on, and make a broker read its files again.</summary>
internal static partial class Signals
{
    internal static void Stop(int processId) => Send(processId, OperatingSystem.IsMacOS() ? 17 : 19);

    internal static void Continue(int processId) => Send(processId, OperatingSystem.IsMacOS() ? 19 : 18);

    internal static void HangUp(int processId) => Send(processId, 1);

    private static void Send(int processId, int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no signals.");
        }

        if (Kill(processId, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} did not reach process {processId}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
