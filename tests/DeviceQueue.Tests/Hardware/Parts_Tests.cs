using System.Globalization;

namespace DeviceQueue.Tests.Hardware;

/// <summary>The parts list and the power budget against the netlist.</summary>
public sealed class Parts_Tests
{
    // USB 2.0, section 7.2.1.4: what a port gives to a high-power function.
    private const double UsbMilliamperes = 500;

    private static readonly IReadOnlyList<IReadOnlyDictionary<string, string>> Budget =
        Csv.Read("boards/esp32-devkitc/power-budget.csv");

    private static readonly Netlist Wiring = DevKit.Of("esp32-devkitc").Wiring;

    public static TheoryData<string> Boards => [.. DevKit.Names];

    public static TheoryData<string> States => [.. Budget.Select(row => row["state"]).Distinct()];

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
    public void A_states_sum_is_right_and_every_current_has_a_source(string state)
    {
        IReadOnlyDictionary<string, string>[] rows = [.. Budget.Where(row => row["state"] == state)];

        Assert.Equal("sum", rows[^1]["part"]);
        Assert.Equal(rows[..^1].Sum(Current), Current(rows[^1]));
        Assert.All(rows[..^1], row => Assert.NotEmpty(row["source"]));
        Assert.All(rows[..^1], row => Assert.Contains(row["part"].Split(' ')[0], Wiring.Parts.Keys));
        Assert.Equal(rows.Length, rows.Select(row => row["part"]).Distinct().Count());
    }

    [Fact]
    public void The_worst_moment_has_every_part_that_draws_and_a_USB_port_bears_it()
    {
        string[] drawing = ["board", "sensor", "watchdog", "led", "npn", "relay"];
        string[] parts =
        [
            .. Budget.Where(row => row["state"] == "worst moment").Select(row => row["part"].Split(' ')[0]),
        ];

        Assert.All(drawing.SelectMany(Wiring.OfKind), part => Assert.Contains(part, parts));
        Assert.InRange((double)Sum("worst moment"), (double)States.Max(state => Sum(state.Data)), UsbMilliamperes);
    }

    [Fact]
    public void Currents_that_follow_from_the_netlist_do()
    {
        Assert.Equal(1300 / Wiring.Ohms("R3"), Listed("D1"), 2);
        Assert.Equal(3300 / Wiring.Ohms("R7"), Listed("R7"), 2);
        Assert.Equal(2600 / Wiring.Ohms("R4"), Listed("Q1"), 2);
    }

    [Fact]
    public void The_README_tells_the_sums_and_how_long_a_power_bank_lasts()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "hardware", "README.md"));
        double watts = (double)Sum("listening") * 5 / 1000;

        Assert.All(States, state => Assert.Contains($"\n| {state.Data} | {Sum(state.Data):0} mA |\n", readme));
        Assert.Contains($"about {37 * 0.85 / watts:0} hours listening", readme);
        Assert.Contains($"about {42 * 0.85 / watts:0} hours at 85 %", readme);
        Assert.Contains($"bring {watts * 24:0.0} Wh a day", readme);
        Assert.Contains($"each further relay adds {Listed("K1") + Listed("Q1"):0} mA", readme);
    }

    private static string[] References(IReadOnlyDictionary<string, string> row) =>
        row["references"].Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static decimal Current(IReadOnlyDictionary<string, string> row) =>
        decimal.Parse(row["current_ma"], CultureInfo.InvariantCulture);

    private static decimal Sum(string state) =>
        Current(Budget.Single(row => row["state"] == state && row["part"] == "sum"));

    private static double Listed(string part) => (double)Current(Budget.First(row => row["part"] == part));
}
