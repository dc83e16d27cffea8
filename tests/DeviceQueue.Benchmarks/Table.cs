using System.Globalization;

namespace DeviceQueue.Benchmarks;

/// <summary>Lines of figures under the subjects' names, written as they come.</summary>
internal sealed class Table(string[] names)
{
    private const int LabelWidth = 50;
    private const int LargeNumber = 100;

    public void WriteHeader() => WriteCells("", names);

    public void Write(string label, params double?[] values) => WriteCells(label, [.. values.Select(Format)]);

    private static string Format(double? value)
    {
        if (value == null)
        {
            return "-";
        }

        bool isWhole = Math.Abs(value.Value) >= LargeNumber || value.Value == Math.Floor(value.Value);
        return value.Value.ToString(isWhole ? "N0" : "N3", CultureInfo.InvariantCulture);
    }

    private void WriteCells(string label, string[] cells) =>
        Console.WriteLine(
            label.PadRight(LabelWidth) + string.Concat(cells.Select((cell, i) => cell.PadLeft(names[i].Length + 3))));
}
