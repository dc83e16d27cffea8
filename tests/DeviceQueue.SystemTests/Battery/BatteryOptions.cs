using System.Globalization;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Battery;

/// <summary>
/// What is assumed of chip and cell; <c>tools/bench battery</c> gives what was asked for in a variable, as
/// <c>name=number</c> with semicolons between them.
/// </summary>
internal sealed record BatteryOptions
{
    private const string Variable = "DEVICEQUEUE_BATTERY";
    private const double Percent = 100;

    /// <summary>Gets a value indicating whether the whole table is wanted.</summary>
    public bool IsTable { get; private init; }

    public EnergyAssumptions Energy { get; private init; } = new();

    /// <summary>Gets the current while chip and interpreter start, in mA; null: the budget's.</summary>
    public double? StartMilliamps { get; private init; }

    /// <summary>Gets the current while the firmware runs unconnected, in mA; null: the budget's.</summary>
    public double? AwakeMilliamps { get; private init; }

    public double DriftPercent { get; private init; } = 1;

    public double LipoMah { get; private init; } = 2000;

    /// <summary>
    /// Gets the share of the LiPo that can be had: below 3.4 V the regulator gives less than 3.3 V, and cells age.
    /// </summary>
    public double UsablePercent { get; private init; } = 90;

    /// <summary>
    /// Gets what can be had of alkaline AA cells in series, of some 2,500 mAh, until 1.1 V each.
    /// </summary>
    public double AaMah { get; private init; } = 2000;

    public double Drift => DriftPercent / Percent;

    public double UsableLipoMah => LipoMah * UsablePercent / Percent;

    public PowerBudget Adapt(PowerBudget budget)
    {
        PowerBudget started = StartMilliamps is { } start ? budget.With(PowerState.Start, start) : budget;
        return AwakeMilliamps is { } awake ? started.With(PowerState.Awake, awake) : started;
    }

    public static BatteryOptions Read()
    {
        string? text = Environment.GetEnvironmentVariable(Variable);
        BatteryOptions options = new() { IsTable = text != null };
        foreach (string[] pair in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(item => item.Split('=')))
        {
            options = options.With(pair[0], double.Parse(pair[1], CultureInfo.InvariantCulture));
        }

        return options;
    }

    private BatteryOptions With(string name, double value) => name switch
    {
        "start-s" => this with { Energy = Energy with { StartSeconds = value } },
        "start-ma" => this with { StartMilliamps = value },
        "awake-ma" => this with { AwakeMilliamps = value },
        "associate-s" => this with { Energy = Energy with { AssociateSeconds = value } },
        "tls-s" => this with { Energy = Energy with { HandshakeSeconds = value } },
        "instruction-us" => this with { Energy = Energy with { InstructionMicroseconds = value } },
        "frame-ms" => this with { Energy = Energy with { FrameMilliseconds = value } },
        "erase-ms" => this with { Energy = Energy with { EraseMilliseconds = value } },
        "drift-percent" => this with { DriftPercent = value },
        "lipo-mah" => this with { LipoMah = value },
        "usable-percent" => this with { UsablePercent = value },
        "aa-mah" => this with { AaMah = value },
        _ => throw new ArgumentException($"{Variable}: there is no {name}"),
    };
}
