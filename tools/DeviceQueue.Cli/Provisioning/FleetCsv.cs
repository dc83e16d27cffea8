using System.Text;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// Reads a table of devices as spreadsheets save it: cells between commas, semicolons or tabs (RFC 4180 beside that), a
/// first row that names the columns, a device in each further one.
/// </summary>
internal static class FleetCsv
{
    public const string Id = "id";
    public const string Broker = "broker";
    public const string Ssid = "wifi";
    public const string PasswordFile = "wifi_password_file";
    public const string Board = "board";
    public const string Certificate = "certificate";
    public const string Settings = "settings";
    public const string Sleep = "sleep";
    public const string ConnectEvery = "connect_every";

    public static readonly string[] Columns =
        [Id, Broker, Ssid, PasswordFile, Board, Certificate, Settings, Sleep, ConnectEvery];

    // A spreadsheet's own line before the first row, which names the separator.
    private const string SeparatorLine = "sep=";

    private static readonly char[] Separators = [',', ';', '\t'];

    /// <summary>Gives the filled cells of each row by the names of their columns.</summary>
    /// <exception cref="UserException">It cannot be read, or is no such table; the text names the line.</exception>
    public static IReadOnlyList<(int Line, IReadOnlyDictionary<string, string> Cells)> Read(FileInfo file)
    {
        string text;
        try
        {
            text = TextFile.Read(file.FullName);
        }
        catch (UserException e)
        {
            throw new UserException($"--csv {e.Message}", e);
        }

        List<(int Line, string[] Cells)> rows = [.. Split(file, text).Where(row => row.Cells.Any(IsFilled))];
        if (rows.Count == 0)
        {
            string needed = $"a first row with the names of columns is needed, of {string.Join(", ", Columns)}";
            throw new UserException($"--csv {file}: {needed}");
        }

        string[] names = ReadNames(file, rows[0].Line, rows[0].Cells);
        return [.. rows.Skip(1).Select(row => (row.Line, Name(file, row.Line, names, row.Cells)))];
    }

    private static bool IsFilled(string cell) => cell.Trim().Length > 0;

    // Spreadsheets begin cells with a capital, and keep columns that once had something in them.
    private static string[] ReadNames(FileInfo file, int line, string[] cells)
    {
        string[] names = [.. cells.Select(cell => cell.Trim().ToLowerInvariant())];
        string[] filled = [.. names.Where(IsFilled)];
        string? unknown = Array.Find(filled, name => !Columns.Contains(name));
        if (unknown == null && filled.Contains(Id) && filled.Distinct().Count() == filled.Length)
        {
            return names;
        }

        string rule = $"the names of columns are {string.Join(", ", Columns)}, each once, and id must be there";
        throw new UserException($"--csv {file}, line {line}: {rule}" + (unknown == null ? "" : $"; not '{unknown}'"));
    }

    private static Dictionary<string, string> Name(FileInfo file, int line, string[] names, string[] cells)
    {
        int nameless = Enumerable.Range(0, cells.Length)
            .FirstOrDefault(i => IsFilled(cells[i]) && (i >= names.Length || !IsFilled(names[i])), -1);
        if (nameless >= 0 || cells.Length < names.Count(IsFilled))
        {
            string which = nameless < 0 ? "" : $"; '{cells[nameless].Trim()}' stands in none of its columns";
            throw new UserException(
                $"--csv {file}, line {line}: {cells.Length} cells, and the first row has {names.Length}{which}");
        }

        return names.Zip(cells).Where(cell => IsFilled(cell.Second))
            .ToDictionary(cell => cell.First, cell => cell.Second.Trim());
    }

    private static char FindSeparator(string text)
    {
        string first = text.Split('\n').FirstOrDefault(IsFilled, "");
        return Separators.MaxBy(separator => first.Count(c => c == separator));
    }

    private static IEnumerable<(int Line, string[] Cells)> Split(FileInfo file, string text)
    {
        text = text.ReplaceLineEndings("\n");
        int line = 1;
        char? named = null;
        if (text.StartsWith(SeparatorLine, StringComparison.OrdinalIgnoreCase) && text.IndexOf('\n') == 5)
        {
            named = text[4];
            text = text[6..];
            line = 2;
        }

        return Split(file, text, named ?? FindSeparator(text), line);
    }

    private static IEnumerable<(int Line, string[] Cells)> Split(FileInfo file, string text, char separator, int line)
    {
        List<string> cells = [];
        StringBuilder cell = new();
        bool isQuoted = false;
        int start = line;
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : '\n';
            if (isQuoted && i < text.Length)
            {
                if (c == '"' && i + 1 < text.Length && text[i + 1] == '"')
                {
                    i++;
                }
                else if (c == '"')
                {
                    isQuoted = false;
                    continue;
                }

                line += c == '\n' ? 1 : 0;
                cell.Append(c);
            }
            else if (c == '"' && cell.Length == 0)
            {
                isQuoted = true;
            }
            else if (c == separator || c == '\n')
            {
                cells.Add(cell.ToString());
                cell.Clear();
                if (c == '\n')
                {
                    if (isQuoted)
                    {
                        throw new UserException($"--csv {file}, line {start}: a quotation mark is not closed");
                    }

                    yield return (start, [.. cells]);
                    cells.Clear();
                    start = ++line;
                }
            }
            else
            {
                cell.Append(c);
            }
        }
    }
}
