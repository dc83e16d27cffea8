using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mosquitto;

/// <summary>Waits on libmosquitto's socket, and lets any thread end the wait.</summary>
internal sealed unsafe partial class SocketWait : IDisposable
{
    private readonly Socket _wake = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _bin = new byte[16];
    private int _pending;
    private int _waiting;

    internal SocketWait()
    {
        _wake.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _wake.Connect(_wake.LocalEndPoint!);
        _wake.Blocking = false;
    }

    internal void Wake()
    {
        // Who is not waiting looks before it waits. Both sides write first and read then, so that one of them sees the
        // other.
        if (Interlocked.Exchange(ref _pending, 1) == 0 && Volatile.Read(ref _waiting) == 1)
        {
            _wake.Send([1]);
        }
    }

    /// <summary>
    /// Waits for the socket or for <see cref="Wake"/>, and tells whether the socket can be read or has failed.
    /// </summary>
    internal bool Wait(int socket, bool forReading, bool forWriting, int timeoutMs)
    {
        Interlocked.Exchange(ref _waiting, 1);
        timeoutMs = Volatile.Read(ref _pending) == 1 ? 0 : timeoutMs;
        bool readable = OperatingSystem.IsWindows() ? WaitOnWindows(socket, forReading, forWriting, timeoutMs, out bool woken) : WaitOnUnix(socket, forReading, forWriting, timeoutMs, out woken);
        Interlocked.Exchange(ref _waiting, 0);
        while (woken && _wake.Available > 0)
        {
            _ = _wake.Receive(_bin);
        }

        // Only now: a Wake from here on sends again, and what came with the ones before is seen by the caller after
        // this return.
        Interlocked.Exchange(ref _pending, 0);
        return readable;
    }

    public void Dispose() => _wake.Dispose();

    private bool WaitOnUnix(int socket, bool forReading, bool forWriting, int timeoutMs, out bool woken)
    {
        const short In = 1, Out = 4;
        UnixPoll* polls = stackalloc UnixPoll[2];
        polls[0] = new UnixPoll { Socket = socket, Events = (short)((forReading ? In : 0) | (forWriting ? Out : 0)) };
        polls[1] = new UnixPoll { Socket = (int)_wake.Handle, Events = In };
        bool happened = Poll(polls, 2, timeoutMs) > 0;
        woken = happened && polls[1].Returned != 0;
        return happened && (polls[0].Returned & ~Out) != 0;
    }

    private bool WaitOnWindows(int socket, bool forReading, bool forWriting, int timeoutMs, out bool woken)
    {
        const short In = 0x300, Out = 0x10;
        WindowsPoll* polls = stackalloc WindowsPoll[2];
        polls[0] = new WindowsPoll { Socket = socket, Events = (short)((forReading ? In : 0) | (forWriting ? Out : 0)) };
        polls[1] = new WindowsPoll { Socket = _wake.Handle, Events = In };
        bool happened = WindowsSocketPoll(polls, 2, timeoutMs) > 0;
        woken = happened && polls[1].Returned != 0;
        return happened && (polls[0].Returned & ~Out) != 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(UnixPoll* polls, nuint count, int timeoutMs);

    [LibraryImport("ws2_32", EntryPoint = "WSAPoll")]
    private static partial int WindowsSocketPoll(WindowsPoll* polls, uint count, int timeoutMs);

    [StructLayout(LayoutKind.Sequential)]
    private struct UnixPoll
    {
        public int Socket;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowsPoll
    {
        public nint Socket;
        public short Events;
        public short Returned;
    }
}
