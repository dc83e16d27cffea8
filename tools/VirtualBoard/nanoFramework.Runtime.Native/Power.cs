using VirtualBoard;

namespace nanoFramework.Runtime.Native;

public delegate void RebootEventHandler();

public enum RebootOption
{
    NormalReboot = 0,
    EnterNanoBooter = 1,
    ClrOnly = 2,
    EnterProprietaryBooter = 8,
}

public class Power
{
    /// <summary>Raised on the rebooting thread before a reboot; one list a boot, as a reboot forgets it.</summary>
    public static event RebootEventHandler OnRebootEvent
    {
        add => Board.CurrentBoot.RebootHandlers += value;
        remove => Board.CurrentBoot.RebootHandlers -= value;
    }

    /// <summary>Restarts the board and never returns.</summary>
    public static void RebootDevice(
        RebootOption rebootOption = RebootOption.NormalReboot) => RebootDevice(Timeout.Infinite, rebootOption);

    /// <summary>
    /// Restarts the board and never returns. Handlers that take longer than the time in milliseconds are left
    /// behind.
    /// </summary>
    public static void RebootDevice(int exeConstraintTimeout, RebootOption rebootOption = RebootOption.NormalReboot)
    {
        Boot boot = Board.CurrentBoot;
        boot.Pass();
        if (exeConstraintTimeout == Timeout.Infinite)
        {
            Board.RaiseReboot(boot);
        }
        else
        {
            Thread handlers = new(() => Board.RaiseReboot(boot));
            handlers.Start();
            handlers.Join(exeConstraintTimeout);
        }

        if (rebootOption is RebootOption.NormalReboot or RebootOption.ClrOnly)
        {
            boot.Board.Reboot(boot);
        }

        boot.Board.Hang(boot, "The boot loader waits for a computer.");
    }
}
