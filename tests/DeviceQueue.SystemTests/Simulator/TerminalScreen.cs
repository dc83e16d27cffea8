using System.Text;
using System.Text.RegularExpressions;

namespace DeviceQueue.SystemTests.Simulator;

/// <summary>
/// What a terminal shows of a program's output, on its two screens. It knows the sequences that the panel needs and
/// refuses all others, so that the panel works in every terminal.
/// </summary>
internal sealed partial class TerminalScreen(int columns, int rows)
{
    private readonly StringBuilder _unread = new();
    private readonly StringBuilder _first = new();
    private char[][] _second = [];
    private int _row;
    private int _column;

    /// <summary>Gets a value indicating whether the panel is shown.</summary>
    public bool IsPanel { get; private set; }

    public bool IsCursorHidden { get; private set; }

    public bool HasColors { get; private set; }

    /// <summary>Gets what was written to the first screen, where lines go.</summary>
    public string Lines => _first.ToString();

    /// <summary>Gets the rows of the panel.</summary>
    public string[] Rows => [.. _second.Select(row => new string(row).TrimEnd())];

    public void Write(string text)
    {
        _unread.Append(text);
        string all = _unread.ToString();
        int at = 0;
        while (at < all.Length)
        {
            int taken = all[at] == '\e' ? TakeSequence(all, at) : Take(all[at]);
            if (taken == 0)
            {
                break; // the rest of it is to come
            }

            at += taken;
        }

        _unread.Remove(0, at);
    }

    private int TakeSequence(string all, int at)
    {
        Match match = Sequence().Match(all, at);
        if (!match.Success)
        {
            string rest = all[(at + 1)..];
            Assert.True(rest.Length < 16, $"No sequence of a terminal: {rest}");
            return 0;
        }

        Do(match.Groups[1].Value, match.Groups[2].Value);
        return match.Length;
    }

    private void Do(string parameters, string command)
    {
        switch (parameters + command)
        {
            case "?1049h":
                IsPanel = true;
                Clear();
                break;
            case "?1049l":
                IsPanel = false;
                break;
            case "?25h" or "?25l":
                IsCursorHidden = command == "l";
                break;
            case "2J":
                Clear();
                break;
            case "K":
                int from = Math.Min(_column, columns - 1); // behind a full row the cursor is on its last column
                Array.Fill(_second[_row], ' ', from, columns - from);
                break;
            case "?1h" or "?1l" or "=" or ">":
                break; // .NET's: what the arrow keys send
            default:
                Assert.Contains(command, "Hm");
                if (command == "m")
                {
                    HasColors |= parameters.Split(';').Any(code => code.Length == 2 && code[0] is '3' or '9');
                }
                else
                {
                    int[] place = [.. parameters.Split(';').Select(int.Parse)];
                    (_row, _column) = (place[0] - 1, place[1] - 1);
                }

                break;
        }
    }

    private int Take(char c)
    {
        if (!IsPanel)
        {
            _first.Append(c);
        }
        else if (c >= ' ')
        {
            Assert.True(_row < rows && _column < columns, $"'{c}' is off the screen, at {_row + 1};{_column + 1}");
            _second[_row][_column++] = c;
        }

        return 1;
    }

    private void Clear() =>
        _second = [.. Enumerable.Range(0, rows).Select(_ => new string(' ', columns).ToCharArray())];

    [GeneratedRegex(@"\G\e(?:\[([?0-9;]*))?([A-Za-z=>])")]
    private static partial Regex Sequence();
}
