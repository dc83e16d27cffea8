using System.Globalization;
using System.Text.RegularExpressions;

namespace DeviceQueue.Tests.Hardware;

/// <summary>The parts lists and the power budgets against the netlists.</summary>
public sealed partial class Parts_Tests
{
    // USB 2.0, section 7.2.1.4: what a port gives to a high-power function.
    private const double UsbMilliamperes = 500;

    // What the cell is said to lose in a month, of 730 hours.
    private const double LossAMonth = 0.02;

    private static readonly string[] StateNames =
        ["starting", "listening", "sending", "relay on", "asleep", "worst moment"];

    // As the account of a sleeping device asks for them.
    private static readonly string[] SleepingStateNames =
        ["start", "awake", "associate", "connected", "transmit", "asleep", "self_discharge"];

    public static TheoryData<string> Boards => [.. DevKit.Names];

    public static TheoryData<string> FedByUsb => [.. DevKit.FedByUsb];

    public static TheoryData<string, string> States
    {
        get
        {
            TheoryData<string, string> states = [];
            foreach (string name in DevKit.Names)
            {
                Array.ForEach(StatesOf(name), state => states.Add(name, state));
            }

            return states;
        }
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_list_has_every_part_of_the_netlist_once_with_its_value_and_quantity(string name)
    {
        var bom = Csv.Read($"boards/{name}/bom.csv");
        var listed = bom.SelectMany(
            row => References(row),
            (row, reference) => (Reference: reference, Value: row["value"])).OrderBy(
                part => part.Reference, StringComparer.Ordinal);
        var wired = DevKit.Of(name).Wiring.Parts.Select(part => (Reference: part.Key, part.Value.Value))
            .OrderBy(part => part.Reference, StringComparer.Ordinal);

        Assert.Equal(wired, listed);
        Assert.All(
            bom.Where(row => References(row).Length > 0),
            row => Assert.Equal(References(row).Length.ToString(CultureInfo.InvariantCulture), row["quantity"]));
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void Every_line_can_be_ordered(string name)
    {
        var bom = Csv.Read($"boards/{name}/bom.csv");
        Assert.All(
            bom,
            row => Assert.DoesNotContain(
                string.Empty, (string[])[row["manufacturer"], row["part_number"], row["description"]]));
        Assert.All(bom, row => Assert.True(int.Parse(row["quantity"], CultureInfo.InvariantCulture) > 0));
        Assert.Equal(bom.Count, bom.Select(row => (row["manufacturer"], row["part_number"])).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(States))]
    public void A_states_sum_is_right_and_every_current_has_a_source(string name, string state)
    {
        IReadOnlyDictionary<string, string>[] rows = [.. Budget(name).Where(row => row["state"] == state)];

        Assert.Equal("sum", rows[^1]["part"]);
        Assert.Equal(rows[..^1].Sum(Current), Current(rows[^1]));
        Assert.All(rows[..^1], row => Assert.True(Current(row) > 0, row["part"]));
        Assert.All(rows[..^1], row => Assert.Matches(Source(), row["source"]));
        Assert.All(rows[..^1], row => Assert.Contains(PartOf(row), DevKit.Of(name).Wiring.Parts.Keys));
        Assert.Equal(rows.Length, rows.Select(row => row["part"]).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void Each_budget_has_the_same_states(string name)
    {
        Assert.Equal(StatesOf(name), Budget(name).Select(row => row["state"]).Distinct());
    }

    [Theory]
    [MemberData(nameof(FedByUsb))]
    public void The_worst_moment_has_every_part_that_draws_and_a_USB_port_bears_it(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string[] drawing = ["board", "sensor", "watchdog", "led", "npn", "relay"];
        string[] parts = [.. Budget(name).Where(row => row["state"] == "worst moment").Select(PartOf)];

        Assert.All(drawing.SelectMany(wiring.OfKind), part => Assert.Contains(part, parts));
        Assert.Equal(StateNames.Max(state => Sum(name, state)), Sum(name, "worst moment"));
        Assert.InRange((double)Sum(name, "worst moment"), 0, UsbMilliamperes);
    }

    [Fact]
    public void A_board_with_a_battery_sleeps_with_microamperes_and_its_cell_loses_what_a_month_takes()
    {
        DevKit board = DevKit.OnBattery;
        Netlist wiring = board.Wiring;
        string cell = wiring.Parts[Assert.Single(wiring.OfKind("battery"))].Value;
        double milliampereHours = double.Parse(Capacity().Match(cell).Groups[1].Value, CultureInfo.InvariantCulture);
        string[] parts = [.. Budget(board.Name).Where(row => row["state"] == "asleep").Select(PartOf)];

        // DFRobot says 13 µA for the board alone.
        Assert.InRange((double)Sum(board.Name, "asleep") * 1000, 13, 20);
        Assert.All((string[])["U1", "U2"], part => Assert.Contains(part, parts));
        Assert.Equal(milliampereHours * LossAMonth / 730, Listed(board.Name, "BT1 cell"), 3);
        Assert.Equal(3.7 / 2e6 * 1000, Listed(board.Name, "U1 divider"), 5);
    }

    [Theory]
    [MemberData(nameof(FedByUsb))]
    public void Currents_that_follow_from_the_netlist_do(string name)
    {
        DevKit board = DevKit.Of(name);

        Assert.Equal(1300 / board.Wiring.Ohms("R3"), Listed(name, "D1"), 2);
        Assert.Equal(3300 / board.Wiring.Ohms("R7"), Listed(name, "R7"), 2);
        Assert.Equal(2600 / board.Wiring.Ohms("R4"), Listed(name, "Q1"), 2);
        string feed = board.PinOn("FEED")["label"];
        Assert.All(
            Budget(name).Where(row => row["part"] == "R7"),
            row => Assert.Equal($"3.3 V through R7, while {feed} is high", row["source"]));
    }

    [Fact]
    public void The_README_tells_the_sums_of_each_board_and_how_long_a_power_bank_lasts()
    {
        string readme = Page.Read("hardware/README.md");
        string first = DevKit.All[0].Name;
        double watts = (double)Sum(first, "listening") * 5 / 1000;

        Assert.All(StateNames, state =>
        {
            string sums = string.Join(" | ", DevKit.FedByUsb.Select(name => $"{Sum(name, state):0} mA"));
            Assert.Contains($"\n| {state} | {sums} |\n", readme);
        });
        Assert.Contains($"about {37 * 0.85 / watts:0} hours listening", readme);
        Assert.Contains($"about {42 * 0.85 / watts:0} hours at 85 %", readme);
        Assert.Contains($"bring {watts * 24:0.0} Wh a day", readme);
        Assert.All(
            DevKit.FedByUsb,
            name => Assert.Contains(
                $"each further relay adds {Listed(name, "K1") + Listed(name, "Q1"):0} mA", readme));
    }

    [Fact]
    public void The_README_tells_what_a_board_on_a_battery_draws()
    {
        string readme = Page.Read("hardware/README.md");
        string name = DevKit.OnBattery.Name;
        (string State, string Told)[] rows =
        [
            ("start", "starting"), ("awake", "awake"), ("associate", "associating with the access point"),
            ("connected", "connected"), ("transmit", "sending"),
        ];

        Assert.All(rows, row => Assert.Contains($"\n| {row.Told} | {Sum(name, row.State):0} mA | ", readme));
        Assert.Contains($"\n| asleep | {Sum(name, "asleep") * 1000:0} µA | ", readme);
        Assert.Contains($"\n| self-discharge of the cell | {Sum(name, "self_discharge") * 1000:0} µA | ", readme);
        Assert.Contains($"sleeping, draws {Sum("esp32-devkitc", "asleep"):0} mA by its datasheets", readme);
    }

    private static string[] StatesOf(string name) => DevKit.Of(name).HasBattery ? SleepingStateNames : StateNames;

    private static string[] References(IReadOnlyDictionary<string, string> row) =>
        row["references"].Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static decimal Current(IReadOnlyDictionary<string, string> row) =>
        decimal.Parse(row["current_ma"], CultureInfo.InvariantCulture);

    private static IReadOnlyList<IReadOnlyDictionary<string, string>> Budget(string name) =>
        Csv.Read($"boards/{name}/power-budget.csv");

    private static string PartOf(IReadOnlyDictionary<string, string> row) => row["part"].Split(' ')[0];

    private static decimal Sum(string name, string state) =>
        Current(Budget(name).Single(row => row["state"] == state && row["part"] == "sum"));

    private static double Listed(string name, string part) =>
        (double)Current(Budget(name).First(row => row["part"] == part));

    [GeneratedRegex(@"([\d]+) mAh$")]
    private static partial Regex Capacity();

    // A paper and where in it, a computation by Ohm's law, or an assumption with its reason.
    [GeneratedRegex(@"^(assumption: .{20,}|.+ (datasheet|schematics)\b.*: .+|[\d.]+ V through (R\d|\d+ MΩ).*)$")]
    private static partial Regex Source();
}
