using System.Diagnostics;
using System.Globalization;

namespace Brokers;

/// <summary>A mosquitto of another owner, which wrote the file which <c>pid_file</c> names.</summary>
public static class RunningBroker
{
    private const string ProcessName = "mosquitto";

    /// <summary>
    /// Makes it read its password file, access list and certificates again: who is connected with a name or a password
    /// that is no longer there is cut off, without a last will. False when it does not run on this machine, or may not
    /// be signalled by this user.
    /// </summary>
    public static bool TryReload(string pidFile)
    {
        if (OperatingSystem.IsWindows()
            || !File.Exists(pidFile)
            || !int.TryParse(File.ReadAllText(pidFile), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
        {
            return false;
        }

        try
        {
            // The file of a broker that was killed is still there, and its number may belong to another process by now.
            using Process process = Process.GetProcessById(id);
            if (process.ProcessName != ProcessName)
            {
                return false;
            }

            Signals.HangUp(id);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
