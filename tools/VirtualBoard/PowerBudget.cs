using System.Globalization;

namespace VirtualBoard;

/// <summary>
/// The currents of a board that sleeps, by its power-budget.csv: rows of state, part, current in mA and source, of
/// which the parts of a state are added.
/// </summary>
public sealed class PowerBudget
{
    private const string SumPart = "sum";
    private const int SecondsPerHour = 3600;

    private readonly Dictionary<string, double> _currents;

    private PowerBudget(string board, Dictionary<string, double> currents)
    {
        Board = board;
        _currents = currents;
    }

    /// <summary>Gets the name of the board's folder.</summary>
    public string Board { get; }

    /// <summary>Gets the cell's self-discharge as a current in mA.</summary>
    public double SelfDischarge => _currents["self_discharge"];

    /// <summary>Gets a state's current in mA; a handshake draws what listening does.</summary>
    public double this[PowerState state] => _currents[NameOf(state)];

    /// <exception cref="InvalidDataException">A state is missing; the text names it.</exception>
    public static PowerBudget Read(string file)
    {
        Dictionary<string, double> currents = File.ReadLines(file).Skip(1)
            .Select(line => line.Split(','))
            .Where(cells => cells[1] != SumPart)
            .GroupBy(cells => cells[0], cells => double.Parse(cells[2], CultureInfo.InvariantCulture))
            .ToDictionary(parts => parts.Key, parts => parts.Sum());
        string? missing = Enum.GetValues<PowerState>().Select(NameOf).Append("self_discharge")
            .FirstOrDefault(state => !currents.ContainsKey(state));
        return missing == null
            ? new PowerBudget(Path.GetFileName(Path.GetDirectoryName(file)!), currents)
            : throw new InvalidDataException($"{file}: no state {missing}: the board cannot sleep");
    }

    /// <summary>Makes a budget with another current in one state.</summary>
    public PowerBudget With(PowerState state, double milliamps) =>
        new(Board, new Dictionary<string, double>(_currents) { [NameOf(state)] = milliamps });

    /// <summary>Says what seconds in a state take of the cell, in mAh.</summary>
    public double GetCharge(PowerState state, double seconds) => this[state] * seconds / SecondsPerHour;

    private static string NameOf(PowerState state) => state switch
    {
        PowerState.Handshake => NameOf(PowerState.Connected),
        _ => state.ToString().ToLowerInvariant(),
    };
}
