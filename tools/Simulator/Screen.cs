using System.Runtime.InteropServices;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Simulator;

/// <summary>
/// The terminal's second screen, of which only those rows are written that have changed: what is marked to be copied
/// stays marked. The first screen comes back at the end, however that comes.
/// </summary>
internal sealed class Screen : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l\e[2J";
    private const string Leave = "\e[?25h\e[?1049l";
    private const int DefaultColumns = 80;
    private const int DefaultRows = 24;

    private readonly Lock _lock = new();
    private readonly Stream _terminal = Console.OpenStandardOutput();
    private readonly StringWriter _rendered = new() { NewLine = "\n" };
    private readonly IAnsiConsole _console;
    private readonly PosixSignalRegistration? _continued;
    private string[] _shown = [];
    private (int Columns, int Rows) _size;
    private bool _isLeft;

    public Screen(ColorSystem colors)
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = (ColorSystemSupport)colors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(_rendered),
        });
        _console.Profile.Capabilities.Unicode = true;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _continued = OperatingSystem.IsWindows()
            ? null
            : PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => EnterAgain());
        Write(Enter);
    }

    /// <summary>Gets the terminal's size.</summary>
    public static (int Columns, int Rows) Size
    {
        get
        {
            (int columns, int rows) = (Console.WindowWidth, Console.WindowHeight);
            return columns > 0 && rows > 0 ? (columns, rows) : (DefaultColumns, DefaultRows);
        }
    }

    /// <summary>Turns something into the rows that it takes at a width.</summary>
    public IReadOnlyList<string> Render(IRenderable what, int width)
    {
        _console.Profile.Width = width;
        _console.Write(what);
        string[] rows = _rendered.ToString().TrimEnd('\n').Split('\n');
        _rendered.GetStringBuilder().Clear();
        return rows;
    }

    /// <summary>Shows rows from the top; what is too much is cut off below.</summary>
    public void Show(IReadOnlyList<string> rows, (int Columns, int Rows) size)
    {
        StringBuilder text = new();
        lock (_lock)
        {
            if (size != _size)
            {
                _size = size;
                _shown = [];
                text.Append("\e[2J");
            }

            string[] now = [.. rows.Take(size.Rows)];
            for (int i = 0; i < Math.Max(now.Length, _shown.Length); i++)
            {
                string row = i < now.Length ? now[i] : "";
                if (i >= _shown.Length || row != _shown[i])
                {
                    // Behind a full row the cursor is still on its last column, which this would erase there.
                    text.Append($"\e[{i + 1};1H\e[K{row}");
                }
            }

            _shown = now;
            if (text.Length > 0 && !_isLeft)
            {
                Write(text.ToString());
            }
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        _continued?.Dispose();
        End();
    }

    private void OnExit(object? sender, EventArgs e) => End();

    private void End()
    {
        lock (_lock)
        {
            if (!_isLeft)
            {
                _isLeft = true;
                Write(Leave);
            }
        }
    }

    /// <summary>The shell had the terminal meanwhile.</summary>
    private void EnterAgain()
    {
        lock (_lock)
        {
            _size = default;
            Write(Enter);
        }
    }

    private void Write(string text)
    {
        try
        {
            _terminal.Write(Encoding.UTF8.GetBytes(text));
            _terminal.Flush();
        }
        catch (IOException)
        {
            // The terminal is gone; what ends the run is its signal.
        }
    }
}
