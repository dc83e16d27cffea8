using VirtualBoard;

namespace nanoFramework.Networking;

/// <summary>
/// The time service runs from the start and sets the clock as soon as a server answers; an ESP32 needs no call for
/// that.
/// </summary>
public class Sntp
{
    public static bool IsStarted => State.IsStarted;

    public static string Server1
    {
        get => State.Server1;
        set => State.Server1 = value;
    }

    public static string Server2
    {
        get => State.Server2;
        set => State.Server2 = value;
    }

    private static SntpState State
    {
        get
        {
            Boot boot = Board.CurrentBoot;
            boot.Pass();
            return boot.Sntp;
        }
    }

    public static void Start()
    {
        State.IsStarted = true;
        UpdateNow();
    }

    public static void Stop() => State.IsStarted = false;

    public static void UpdateNow()
    {
        Boot boot = Board.CurrentBoot;
        boot.Pass();
        boot.Post(() => boot.Board.Network.TrySynchronize(boot));
    }
}

internal sealed class SntpState
{
    public bool IsStarted { get; set; } = true;

    public string Server1 { get; set; } = "pool.ntp.org";

    public string Server2 { get; set; } = "";
}
