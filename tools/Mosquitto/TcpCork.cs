using System.Runtime.InteropServices;

namespace Mosquitto;

/// <summary>
/// Keeps what is written to a socket back until all of it is there: without delay, and yet not a segment for each small
/// packet. Linux has it, elsewhere nothing changes.
/// </summary>
internal static unsafe partial class TcpCork
{
    private const int Tcp = 6;
    private const int Cork = 3;

    internal static void Set(int socket, bool isOn)
    {
        if (OperatingSystem.IsLinux() && socket != -1)
        {
            int value = isOn ? 1 : 0;
            _ = SetOption(socket, Tcp, Cork, &value, sizeof(int));
        }
    }

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(int socket, int level, int option, int* value, int length);
}
