using System.Text;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Reads a table of devices: commas (RFC 4180), a first row that names the columns, a device in each further one.</summary>
internal static class FleetCsv
{
    public const string Id = "id";
    public const string Broker = "broker";
    public const string Ssid = "wifi";
    public const string PasswordFile = "wifi_password_file";
    public const string Board = "board";
    public const string Certificate = "certificate";
    public const string Settings = "settings";

    public static readonly string[] Columns = [Id, Broker, Ssid, PasswordFile, Board, Certificate, Settings];

    /// <summary>Gives the filled cells of each row by the names of their columns.</summary>
    /// <exception cref="UserException">It cannot be read, or is no such table; the text names the line.</exception>
    public static IReadOnlyList<(int Line, IReadOnlyDictionary<string, string> Cells)> Read(FileInfo file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--csv {file}: {e.Message}", e);
        }

        List<(int Line, string[] Cells)> rows = [.. Split(file, text)];
        if (rows.Count == 0)
        {
            throw new UserException($"--csv {file}: a first row with the names of columns is needed, of {string.Join(", ", Columns)}");
        }

        string[] names = [.. rows[0].Cells.Select(cell => cell.Trim())];
        string? unknown = Array.Find(names, name => !Columns.Contains(name));
        if (unknown != null || !names.Contains(Id) || names.Distinct().Count() != names.Length)
        {
            throw new UserException($"--csv {file}, line 1: the names of columns are {string.Join(", ", Columns)}, each once, and id must be there" + (unknown == null ? "" : $"; not '{unknown}'"));
        }

        return [.. rows.Skip(1).Select(row => (row.Line, Name(file, row.Line, names, row.Cells)))];
    }

    private static IReadOnlyDictionary<string, string> Name(FileInfo file, int line, string[] names, string[] cells) => cells.Length == names.Length
        ? names.Zip(cells, (name, cell) => (Name: name, Cell: cell.Trim())).Where(cell => cell.Cell.Length > 0).ToDictionary(cell => cell.Name, cell => cell.Cell)
        : throw new UserException($"--csv {file}, line {line}: {cells.Length} cells, and the first row has {names.Length}");

    private static IEnumerable<(int Line, string[] Cells)> Split(FileInfo file, string text)
    {
        List<string> cells = [];
        StringBuilder cell = new();
        bool isQuoted = false;
        int line = 1;
        int start = 1;
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
            else if (c is ',' or '\n')
            {
                cells.Add(cell.ToString().TrimEnd('\r'));
                cell.Clear();
                if (c == '\n')
                {
                    if (isQuoted)
                    {
                        throw new UserException($"--csv {file}, line {start}: a quotation mark is not closed");
                    }

                    if (cells.Count > 1 || cells[0].Trim().Length > 0)
                    {
                        yield return (start, [.. cells]);
                    }

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
