using System.Globalization;

namespace VirtualBoard.Parts;

/// <summary>
/// A recording: lines of ms,temperature,humidity,pressure, rising in time. Each line holds until the next, the last for
/// ever.
/// </summary>
public sealed class CsvClimate : IClimateScript
{
    private readonly List<(long Ms, Climate Climate)> _lines = [];

    /// <summary>
    /// Reads a recording; a first line that begins with ms, empty lines and those with # are skipped.
    /// </summary>
    /// <exception cref="InvalidDataException">A line is wrong; the message names file and line.</exception>
    public CsvClimate(string path)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            bool isHeader = number == 1 && line.StartsWith("ms", StringComparison.Ordinal);
            if (!isHeader && line.Trim() is { Length: > 0 } text && text[0] != '#')
            {
                _lines.Add(Parse(path, number, text));
            }
        }

        if (_lines.Count == 0)
        {
            throw new InvalidDataException($"{path}: there is no line with values.");
        }
    }

    public Climate At(TimeSpan elapsed)
    {
        int next = _lines.FindIndex(line => line.Ms > elapsed.TotalMilliseconds);
        return next < 0 ? _lines[^1].Climate : _lines[Math.Max(next - 1, 0)].Climate;
    }

    private (long Ms, Climate Climate) Parse(string path, int number, string text)
    {
        string[] fields = text.Split(',');
        if (fields.Length != 4)
        {
            throw Error(path, number, $"expected ms,temperature,humidity,pressure, found {fields.Length} fields");
        }

        if (
            !long.TryParse(
                fields[0],
                NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture,
                out long ms)
            || (_lines.Count > 0 && ms <= _lines[^1].Ms))
        {
            throw Error(path, number, $"'{fields[0]}' is no time in milliseconds after that of the line before");
        }

        double[] values = new double[3];
        for (int i = 0; i < values.Length; i++)
        {
            string field = fields[i + 1];
            if (!double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out values[i])
                || !double.IsFinite(values[i]))
            {
                throw Error(path, number, $"'{field}' is no number");
            }
        }

        return (ms, new Climate(values[0], values[1], values[2]));
    }

    private static InvalidDataException Error(string path, int number, string text) =>
        new($"{path}, line {number}: {text}.");
}
