using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DeviceQueue.Desktop;

namespace Simulator;

/// <summary>Says of a port on 127.0.0.1 whether it is free, and on Linux who has it.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <exception cref="UserException">It is taken; the text names the program that has it, if that can be known.
    /// </exception>
    public static void RequireFree(int port)
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new UserException($"--port {port}: only an administrator may use it; one above 1023 is allowed", e);
        }
        catch (SocketException e)
        {
            string owner = Find(port) is { } name ? $"{name} has it" : "another program has it";
            throw new UserException($"--port {port}: {owner}; a free one is needed", e);
        }
    }

    private static string? Find(int port)
    {
        try
        {
            string? socket = FindSocket(port);
            return socket == null ? null : FindProcess($"socket:[{socket}]");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // not Linux, or not to be known
        }
    }

    // /proc/net/tcp: "sl local_address rem_address st … inode", addresses as hex digits.
    private static string? FindSocket(int port) =>
        (from file in (string[])["/proc/net/tcp", "/proc/net/tcp6"]
         where File.Exists(file)
         from line in File.ReadLines(file).Skip(1)
         let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
         where fields.Length > 9 && fields[3] == Listening
             && fields[1].EndsWith($":{port.ToString("X4", CultureInfo.InvariantCulture)}", StringComparison.Ordinal)
         select fields[9]).FirstOrDefault();

    private static string? FindProcess(string socket)
    {
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), out int id) && Holds(process, socket))
            {
                return $"{File.ReadAllText(Path.Combine(process, "comm")).Trim()} (process {id})";
            }
        }

        return null;
    }

    private static bool Holds(string process, string socket)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd"))
                .Any(file => new FileInfo(file).LinkTarget == socket);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // another user's, or gone
        }
    }
}
