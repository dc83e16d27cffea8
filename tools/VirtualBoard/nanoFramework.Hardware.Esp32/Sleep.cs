using VirtualBoard;

namespace nanoFramework.Hardware.Esp32;

/// <summary>Deep sleep: the chip forgets all but the time, and starts from Main.</summary>
public class Sleep
{
    public enum WakeupCause
    {
        Undefined = 0,
        Ext0 = 2,
        Ext1 = 3,
        Timer = 4,
        TouchPad = 5,
        Ulp = 6,
        Gpio = 7,
        Uart = 8,
        Wifi = 9,
        CoCpu = 10,
        CoCpuTrapTrig = 11,
        Bt = 12,
    }

    public static EspNativeError EnableWakeupByTimer(TimeSpan time)
    {
        Boot boot = Board.CurrentBoot;
        boot.Pass();
        boot.WakeupTimer = time;
        return EspNativeError.OK;
    }

    public static void StartDeepSleep()
    {
        Boot boot = Board.CurrentBoot;
        boot.Board.DeepSleep(boot);
    }

    public static WakeupCause GetWakeupCause()
    {
        Boot boot = Board.CurrentBoot;
        boot.Pass();
        return boot.WakeupCause;
    }
}
