using System.Runtime.CompilerServices;
using System.Text;

namespace VirtualBoard;

/// <summary>
/// Stands in for the process's console: what a board's thread writes goes to that board, all else where it always went.
/// </summary>
internal sealed class ConsoleRouter(TextWriter original) : TextWriter
{
    // A line that never ends is cut here.
    private const int MaxLineChars = 4096;

    private static readonly Lock Installing = new();
    private static TextWriter? _installed;

    private readonly ConditionalWeakTable<Boot, StringBuilder> _lines = [];

    public override Encoding Encoding => original.Encoding;

    /// <summary>Other code may have redirected the console since the last board started.</summary>
    public static void Install()
    {
        lock (Installing)
        {
            if (Console.Out != _installed)
            {
                Console.SetOut(new ConsoleRouter(Console.Out));
                _installed = Console.Out;
            }
        }
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        if (Board.TryGetCurrent(out Board? board))
        {
            Route(board, value ?? "");
        }
        else
        {
            original.Write(value);
        }
    }

    public override void WriteLine(string? value) => Write(value + Environment.NewLine);

    public override void Flush() => original.Flush();

    // The console's own lock is held here: a thread of a dead board is turned away and never held.
    private void Route(Board board, string text)
    {
        Boot boot = Board.CurrentBoot;
        if (boot.HasEnded)
        {
            return;
        }

        StringBuilder line = _lines.GetOrCreateValue(boot);
        foreach (char c in text)
        {
            if (c == '\n' || line.Length == MaxLineChars)
            {
                string whole = line.ToString();
                line.Clear();
                board.WriteConsole(whole);
            }

            if (c is not ('\n' or '\r'))
            {
                line.Append(c);
            }
        }
    }
}
