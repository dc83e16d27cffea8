using System.Globalization;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Battery;

/// <summary>
/// What days of a device take of its cell and its flash, in Markdown; to the file that <c>tools/bench</c> names, or to
/// the test's output.
/// </summary>
internal sealed class BatteryTable(PowerBudget budget, BatteryOptions options)
{
    private const string FileVariable = "DEVICEQUEUE_FIGURES";
    private const int HoursPerDay = 24;

    private static readonly (string Name, PowerState State)[] Parts =
    [
        ("asleep", PowerState.Asleep), ("starts", PowerState.Start), ("awake", PowerState.Awake),
        ("joining", PowerState.Associate), ("connected", PowerState.Connected), ("sending", PowerState.Transmit),
        ("TLS", PowerState.Handshake),
    ];

    public double GetLipoDays(BatteryDay day) =>
        options.UsableLipoMah / (GetCharge(day) + (budget.SelfDischarge * HoursPerDay));

    public void Write(IReadOnlyList<BatteryDay> days)
    {
        string[] heads =
        [
            "reading each", "connect each", "TLS", .. Parts.Select(part => part.Name), "mAh a day",
            "days, LiPo", "days, AA", "blocks a day", "years",
        ];
        List<string[]> rows = [heads, .. days.Select(Row)];
        int[] widths = [.. heads.Select((_, i) => rows.Max(row => row[i].Length))];
        List<string> lines = [.. rows.Select(row => Line(row, widths))];
        lines.Insert(1, Line([.. widths.Select(width => new string('-', width))], widths));
        Say([.. Notes(days), "", .. lines]);
    }

    private static string Line(string[] cells, int[] widths) =>
        "| " + string.Join(" | ", cells.Select((cell, i) => cell.PadRight(widths[i]))) + " |";

    private static string Show(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string ShowTime(int minutes) => minutes % 60 == 0 ? $"{minutes / 60} h" : $"{minutes} min";

    private static void Say(string[] lines)
    {
        if (Environment.GetEnvironmentVariable(FileVariable) is { } file)
        {
            File.AppendAllLines(file, lines);
        }
        else
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', lines));
        }
    }

    private double GetCharge(BatteryDay day) => day.Seconds.Sum(pair => budget.GetCharge(pair.Key, pair.Value));

    private string[] Row(BatteryDay day)
    {
        double charge = GetCharge(day);
        return
        [
            ShowTime(day.Setup.IntervalMinutes),
            ShowTime(day.Setup.ConnectMinutes),
            day.Setup.IsSecure ? "yes" : "no",
            .. Parts.Select(part => Show(budget.GetCharge(part.State, day.Seconds[part.State]), "F2")),
            Show(charge, "F1"),
            Show(GetLipoDays(day), "N0"),
            Show(options.AaMah / charge, "N0"),
            Show(day.Blocks, "N0"),
            Show(FlashWear.YearsAt(day.Blocks), "N0"),
        ];
    }

    private IEnumerable<string> Notes(IReadOnlyList<BatteryDay> days)
    {
        EnergyAssumptions energy = options.Energy;
        double lost = budget.SelfDischarge * HoursPerDay;
        FormattableString[] notes =
        [
            $"Measured on the whole firmware at a Mosquitto: wake-ups, waits, packets, blocks of flash, instructions:",
            $"{days[0].ShortInstructions:N0} in a wake-up that only measures,",
            $"{days[0].ConnectInstructions:N0} in one that connects.",
            $"Currents: hardware/boards/{budget.Board}/power-budget.csv.",
            $"Assumed:",
            $"  --start-s {energy.StartSeconds}: the start of chip and interpreter",
            $"  --start-ma {budget[PowerState.Start]:F1}: the current meanwhile",
            $"  --awake-ma {budget[PowerState.Awake]:F1}: the current while the firmware runs unconnected",
            $"  --associate-s {energy.AssociateSeconds}: association and DHCP",
            $"  --tls-s {energy.HandshakeSeconds}: a TLS handshake",
            $"  --instruction-us {energy.InstructionMicroseconds}: an instruction",
            $"  --frame-ms {energy.FrameMilliseconds}: a frame that the radio sends",
            $"  --erase-ms {energy.EraseMilliseconds}: a block of flash that is erased",
            $"  --drift-percent {options.DriftPercent}: how slow the timer is",
            $"  --lipo-mah {options.LipoMah}: the LiPo; it loses {lost:F1} mAh a day by itself",
            $"  --usable-percent {options.UsablePercent}: what can be had of it",
            $"  --aa-mah {options.AaMah}: what can be had of alkaline AA cells in series",
            $"Columns from asleep to TLS: mAh a day.",
        ];
        return notes.Select(FormattableString.Invariant);
    }
}
