using System.Runtime.InteropServices;

namespace Simulator;

/// <summary>A folder for secrets: whatever this process and the firmware in it write is for the owner alone.</summary>
internal static partial class PrivateFolder
{
    private const UnixFileMode Owners = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Others = (UnixFileMode)0b111_111;

    /// <summary>Makes the folder if it is not there, and closes to others what an earlier run left in it.</summary>
    public static void Open(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        _ = SetMask((uint)Others);
        Directory.CreateDirectory(path, Owners);
        foreach (string file in Directory.GetFiles(path))
        {
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) & ~Others);
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(uint mask);
}
