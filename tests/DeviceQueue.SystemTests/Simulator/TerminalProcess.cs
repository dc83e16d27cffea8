using System.Diagnostics;
using System.Text;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Simulator;

/// <summary>The simulator in a terminal of its own, a pseudo-terminal that util-linux's script opens.</summary>
internal sealed class TerminalProcess : IDisposable
{
    // A program starts slowly on a busy machine.
    private static readonly TimeSpan Bound = 3 * Patience.Bound;

    private readonly object _lock = new();
    private readonly TerminalScreen _screen;
    private readonly Process _script;
    private readonly Thread _reader;
    private bool _hasEnded;

    /// <param name="columns">The terminal's width.</param>
    /// <param name="rows">Its height.</param>
    /// <param name="arguments">The simulator's arguments, and before them variables of its environment.</param>
    public TerminalProcess(int columns, int rows, string arguments, string environment = "TERM=xterm-256color")
    {
        _screen = new TerminalScreen(columns, rows);
        string program = Path.Combine(AppContext.BaseDirectory, "Simulator.dll");
        string line = $"stty cols {columns} rows {rows}; "
            + $"exec env -u NO_COLOR {environment} dotnet {program} {arguments}";
        _script = Process.Start(new ProcessStartInfo("script", ["-q", "-e", "-c", line, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        })!;
        _reader = new Thread(Read) { IsBackground = true };
        _reader.Start();
    }

    public string[] Rows => Locked(() => _screen.Rows);

    /// <summary>Gets what stands on the first screen.</summary>
    public string Lines => Locked(() => _screen.Lines);

    public bool IsPanel => Locked(() => _screen.IsPanel);

    public bool HasColors => Locked(() => _screen.HasColors);

    public bool IsCursorHidden => Locked(() => _screen.IsCursorHidden);

    /// <summary>Waits until a row of the panel has these texts, and gives that row.</summary>
    public string WaitForRow(params string[] texts) =>
        WaitFor(string.Join("' and '", texts), () => Rows.FirstOrDefault(row => texts.All(row.Contains)));

    /// <summary>Waits until the first screen has this text.</summary>
    public void WaitForLine(string text) => WaitFor(text, () => Lines.Contains(text) ? text : null);

    public void Press(string keys)
    {
        _script.StandardInput.Write(keys);
        _script.StandardInput.Flush();
    }

    public int WaitForExit()
    {
        Assert.True(_script.WaitForExit(Bound), $"It did not end:\n{Shown}");
        _reader.Join();
        return _script.ExitCode;
    }

    public void Dispose()
    {
        _script.Kill(entireProcessTree: true);
        _script.WaitForExit();
        _script.Dispose();
    }

    private string Shown => string.Join('\n', [.. Rows, Lines]);

    private string WaitFor(string text, Func<string?> find)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            while (true)
            {
                if (find() is { } found)
                {
                    return found;
                }

                TimeSpan left = Bound - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || _hasEnded || !Monitor.Wait(_lock, left))
                {
                    Assert.Fail($"'{text}' is not shown; this is:\n{Shown}");
                }
            }
        }
    }

    private void Read()
    {
        char[] buffer = new char[4096];
        int count;
        while ((count = _script.StandardOutput.Read(buffer)) > 0)
        {
            lock (_lock)
            {
                _screen.Write(new string(buffer, 0, count));
                Monitor.PulseAll(_lock);
            }
        }

        lock (_lock)
        {
            _hasEnded = true;
            Monitor.PulseAll(_lock);
        }
    }

    private T Locked<T>(Func<T> get)
    {
        lock (_lock)
        {
            return get();
        }
    }
}
