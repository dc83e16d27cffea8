using System.Net.Sockets;

namespace Mosquitto;

/// <summary>Translates the system's error numbers, which .NET does only inside its own sockets.</summary>
internal static class SystemErrors
{
    internal static SocketError ToSocketError(int number)
    {
        if (OperatingSystem.IsWindows())
        {
            return (SocketError)number;
        }

        return (OperatingSystem.IsMacOS(), number) switch
        {
            (false, 99) or (true, 49) => SocketError.AddressNotAvailable,
            (false, 101) or (true, 51) => SocketError.NetworkUnreachable,
            (false, 104) or (true, 54) => SocketError.ConnectionReset,
            (false, 110) or (true, 60) => SocketError.TimedOut,
            (false, 111) or (true, 61) => SocketError.ConnectionRefused,
            (false, 113) or (true, 65) => SocketError.HostUnreachable,
            _ => SocketError.SocketError,
        };
    }
}
