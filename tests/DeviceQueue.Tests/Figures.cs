using System.Globalization;

namespace DeviceQueue.Tests;

/// <summary>
/// The table of what a test has measured, for <c>tools/bench</c>, which names the file; without one it goes to the
/// test's output.
/// </summary>
internal static class Figures
{
    private const string FileVariable = "DEVICEQUEUE_FIGURES";
    private const int LabelWidth = 32;
    private const int MinWidth = 8;
    private const int Gap = 2;

    /// <summary>Writes a row, below its head if it is the first.</summary>
    /// <param name="head">The names of the columns, with bars between them.</param>
    /// <param name="label">The first cell.</param>
    /// <param name="values">The others.</param>
    public static void Write(string head, string label, params long[] values)
    {
        string[] names = [.. head.Split('|').Select(name => name.Trim())];
        string first = Row(names[0], names[1..], names);
        string row = Row(label, [.. values.Select(v => v.ToString("N0", CultureInfo.InvariantCulture))], names);
        if (Environment.GetEnvironmentVariable(FileVariable) is { } file)
        {
            File.AppendAllLines(file, new FileInfo(file) is { Exists: true, Length: > 0 } ? [row] : [first, row]);
        }
        else
        {
            TestContext.Current.TestOutputHelper?.WriteLine(row);
        }
    }

    private static string Row(string label, string[] cells, string[] names) =>
        label.PadRight(LabelWidth)
            + string.Concat(cells.Zip(names[1..], (cell, name) => cell.PadLeft(Math.Max(name.Length, MinWidth) + Gap)));
}
