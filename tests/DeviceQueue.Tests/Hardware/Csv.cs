using Microsoft.VisualBasic.FileIO;

namespace DeviceQueue.Tests.Hardware;

/// <summary>A table below hardware/, its columns named by the first line.</summary>
internal static class Csv
{
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(string file)
    {
        using TextFieldParser parser = new(Path.Combine(Repository.Root, "hardware", file)) { Delimiters = [","] };
        string[] columns = parser.ReadFields()!;
        List<IReadOnlyDictionary<string, string>> rows = [];
        while (parser.ReadFields() is { } fields)
        {
            Assert.True(
                fields.Length == columns.Length,
                $"{file}, line {parser.LineNumber - 1}: {fields.Length} fields, {columns.Length} columns");
            rows.Add(columns.Zip(fields).ToDictionary(pair => pair.First, pair => pair.Second));
        }

        return rows;
    }
}
