using DeviceQueue.Tests;
using VirtualBoard;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class PowerBudget_Tests
{
    [Fact]
    public void The_parts_of_a_state_are_added()
    {
        string folder = Directory.CreateTempSubdirectory("dq-budget-").FullName;
        string file = Path.Combine(folder, "power-budget.csv");
        File.WriteAllText(file, """
            state,part,current_ma,source
            start,U1,40,"a datasheet, page 1"
            start,U2,0.5,an assumption
            start,sum,40.5,
            awake,U1,50,
            associate,U1,90,
            connected,U1,100,
            transmit,U1,240,
            asleep,U1,0.01,
            self_discharge,BT1,0.05,

            """);

        PowerBudget budget = PowerBudget.Read(file);

        Directory.Delete(folder, recursive: true);
        Assert.Equal(40.5, budget[PowerState.Start]);
        Assert.Equal(100, budget[PowerState.Handshake]);
        Assert.Equal(0.05, budget.SelfDischarge);
        Assert.Equal(0.25, budget.GetCharge(PowerState.Associate, 10));
    }

    [Fact]
    public void A_board_whose_budget_has_no_sleep_is_no_battery_board()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => PowerBudget.Read(Path.Combine(Repository.Root, "hardware/boards/esp32-devkitc/power-budget.csv")));
        Assert.EndsWith("no state start: the board cannot sleep", error.Message);
    }
}
