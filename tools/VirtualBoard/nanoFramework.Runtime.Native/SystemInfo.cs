using VirtualBoard;

namespace nanoFramework.Runtime.Native;

public static class SystemInfo
{
    public static Version Version => new(1, 14, 0, 0);

    public static string OEMString => "nanoCLR on a virtual board";

    public static byte OEM => 0;

    public static byte Model => 0;

    public static ushort SKU => 0;

    public static string TargetName
    {
        get
        {
            Board.Checkpoint();
            return Board.Current.Model.TargetName;
        }
    }

    /// <summary>Gets the same for all chips of the family.</summary>
    public static string Platform => "ESP32";
}

public static class GC
{
    /// <summary>Gets the free bytes of the managed heap.</summary>
    public static uint Run(bool compactHeap)
    {
        Board.Checkpoint();
        Board board = Board.Current;
        return (uint)(board.Heap.Size > 0 ? board.Heap.Free : board.FreeMemory);
    }

    public static void EnableGCMessages(bool enable) => Board.Checkpoint();
}

public static class Rtc
{
    /// <summary>Sets the calendar, to the second.</summary>
    public static bool SetSystemTime(DateTime time)
    {
        Board.Checkpoint();
        Board.Current.Clock.SetUtc(time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond)));
        return true;
    }
}
