using DeviceQueue.Tests;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Battery;

/// <summary>
/// How long a battery lasts, by the account of the whole firmware on a virtual board; <c>tools/bench battery</c> prints
/// it for a table of settings.
/// </summary>
public sealed class Battery_Tests
{
    private const int MaxBlocksPerDay = 600;
    private const int BoardsAtOnce = 4;
    private const int TestConnects = 1;
    private const int TableConnects = 6; // a day with one each 4 hours

    // The goals are 180 and 400 days: the start of chip, interpreter and radio takes more than half at five minutes,
    // and no firmware can do without it. Beyond the upper bounds something is left out of the account.
    private static readonly (int Least, int Most) FiveMinuteDays = (125, 165);
    private static readonly (int Least, int Most) QuarterHourDays = (300, 400);

    private static readonly BatterySetup FiveMinutes = new(5, 12, false);
    private static readonly BatterySetup QuarterHours = new(15, 16, false);

    private static readonly BatterySetup[] All =
    [
        .. from setup in new[] { (2, 30), (2, 120), (5, 12), (5, 48), (15, 4), (15, 16), (60, 1), (60, 4) }
           from isSecure in new[] { false, true }
           select new BatterySetup(setup.Item1, setup.Item2, isSecure),
    ];

    [Fact]
    public void A_cell_lasts_for_months_with_hourly_connects_and_for_longer_with_rarer_ones()
    {
        BatteryOptions options = BatteryOptions.Read();
        BatterySetup[] setups = options.IsTable ? All : [FiveMinutes, QuarterHours];
        PowerBudget budget = options.Adapt(PowerBudget.Read(
            Path.Combine(Repository.Root, "hardware/boards/firebeetle2-esp32-e/power-budget.csv")));
        BatteryDay[] days = Run(setups, options);
        BatteryTable table = new(budget, options);
        table.Write(days);

        if (!options.IsTable)
        {
            Assert.InRange(table.GetLipoDays(days[0]), FiveMinuteDays.Least, FiveMinuteDays.Most);
            Assert.InRange(days[0].Blocks, FiveMinutes.WakesPerDay, MaxBlocksPerDay);
            Assert.InRange(table.GetLipoDays(days[1]), QuarterHourDays.Least, QuarterHourDays.Most);
        }
    }

    // Boards mostly wait, so that several run at once.
    private static BatteryDay[] Run(BatterySetup[] setups, BatteryOptions options)
    {
        using BatteryBroker broker = new();
        int connects = options.IsTable ? TableConnects : TestConnects;
        return [.. setups.AsParallel().AsOrdered().WithDegreeOfParallelism(BoardsAtOnce).Select(setup =>
        {
            using BatteryRun run = new(setup, broker, options);
            return run.Measure(connects * setup.ConnectEvery);
        })];
    }
}
