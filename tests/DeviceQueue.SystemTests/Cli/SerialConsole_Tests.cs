using System.Runtime.InteropServices;
using System.Text;
using DeviceQueue.SystemTests.Simulator;
using Microsoft.Win32.SafeHandles;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>A board's console at a real port of the system, the other end of which is the test's.</summary>
public sealed partial class SerialConsole_Tests
{
    private const int ReadWriteNoControl = 0x102; // O_RDWR | O_NOCTTY

    [Fact]
    public void What_the_board_writes_is_shown_line_by_line_and_an_interrupt_ends_it()
    {
        using SafeFileHandle board = new(OpenPseudoTerminal(ReadWriteNoControl), ownsHandle: true);
        string port = Unlock(board);
        using FileStream wire = new(board, FileAccess.Write, bufferSize: 0);
        using ToolProcess console = new("DeviceQueue.Cli.dll", "console", port);
        console.WaitForLine($"{port} is open at 921600 baud");

        wire.Write("[     0.002] info  DeviceQueue\r\n[     0.0"u8);
        wire.Write("37] warn  23 \u00b0C \u001b[31mred\r\n"u8);

        console.WaitForLine("[     0.002] info  DeviceQueue");
        console.WaitForLine("[     0.037] warn  23 °C ?[31mred");
        console.Signal("INT");
        Assert.Equal(0, console.WaitForExit());
    }

    [Fact]
    public void A_port_that_is_not_there_is_said_with_those_that_are()
    {
        Outcome outcome = Fleet.RunBare("console", "/dev/ttyNowhere");

        Assert.Equal(4, outcome.ExitCode);
        Assert.Matches(
            "error: port '/dev/ttyNowhere' cannot be opened: there is no such port; (there are|no other was found)",
            outcome.Error);
    }

    private static string Unlock(SafeFileHandle terminal)
    {
        byte[] name = new byte[64];
        Assert.Equal(0, Grant(terminal));
        Assert.Equal(0, LetOthersOpen(terminal));
        Assert.Equal(0, Name(terminal, name, name.Length));
        return Encoding.ASCII.GetString(name).TrimEnd('\0');
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt")]
    private static partial int OpenPseudoTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt")]
    private static partial int Grant(SafeFileHandle terminal);

    [LibraryImport("libc", EntryPoint = "unlockpt")]
    private static partial int LetOthersOpen(SafeFileHandle terminal);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    private static partial int Name(SafeFileHandle terminal, byte[] name, nint length);
}
