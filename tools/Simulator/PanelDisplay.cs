using Spectre.Console;
using Spectre.Console.Rendering;

namespace Simulator;

/// <summary>Shows a run as a panel of facts, the keys, and the console below.</summary>
internal sealed class PanelDisplay : IDisplay
{
    private const int LeastConsoleRows = 6;
    private const int TickMs = 1000;
    private const int LedTickMs = 100;
    private const int PauseMs = 40; // at most 25 pictures a second
    private const string Bars = "▁▂▃▄▅▆▇█";

    private static readonly TimeSpan OutboxInterval = TimeSpan.FromSeconds(1);

    private readonly IAnsiConsole _console;
    private readonly Screen _screen;
    private readonly AutoResetEvent _changed = new(false);
    private readonly ManualResetEvent _ended = new(false);
    private readonly List<string> _sentences = [];
    private readonly Thread _drawer;
    private RunInfo? _info;
    private DateTime _outboxTime;
    private string _outbox = "";

    public PanelDisplay(IAnsiConsole console)
    {
        _console = console;
        _screen = new Screen(console.Profile.Capabilities.ColorSystem);
        _drawer = new Thread(Draw) { IsBackground = true, Name = "Display" };
    }

    public void Begin(RunInfo info)
    {
        _info = info;
        foreach (string note in info.Notes)
        {
            info.View.Note(note);
        }

        info.View.Changed += () => _changed.Set();
        _drawer.Start();
    }

    public void Say(string text)
    {
        lock (_sentences)
        {
            _sentences.Add(text);
        }
    }

    /// <summary>Gives the terminal back, with what was to be said.</summary>
    public void Dispose()
    {
        _ended.Set();
        if (_drawer.IsAlive)
        {
            _drawer.Join();
        }

        _screen.Dispose();
        foreach (string sentence in _sentences)
        {
            _console.WriteLine(sentence);
        }
    }

    private void Draw()
    {
        do
        {
            (int Columns, int Rows) size = Screen.Size;
            _screen.Show(Compose(size.Columns, size.Rows), size);
            int tick = _info!.View.IsLit == true ? LedTickMs : TickMs;
            WaitHandle.WaitAny([_changed, _ended], tick);
        }
        while (!_ended.WaitOne(PauseMs));
    }

    private List<string> Compose(int columns, int rows)
    {
        List<string> lines = [.. _screen.Render(Facts(columns), columns)];
        if (_info!.Keys != null)
        {
            lines.AddRange(_screen.Render(new Markup(KeyActions.Legend), columns));
        }

        List<string> paste = PasteRows(columns, rows - lines.Count - LeastConsoleRows - 2);
        if (paste.Count > 0)
        {
            lines.AddRange(_screen.Render(new Markup("[bold]In another terminal:[/]"), columns));
            lines.AddRange(paste);
        }

        lines.AddRange(_screen.Render(new Rule("console") { Justification = Justify.Left, Style = "grey" }, columns));
        lines.AddRange(ConsoleRows(columns, rows - lines.Count));
        return lines;
    }

    /// <summary>The first of the lines to paste that find room, each whole.</summary>
    private List<string> PasteRows(int columns, int room)
    {
        List<string> rows = [];
        foreach (PasteLine line in _info!.PasteLines)
        {
            string[] broken = [.. line.Break(columns - 2).Select(row => $"  {row}")];
            if (rows.Count + broken.Length <= room)
            {
                rows.AddRange(broken);
            }
        }

        return rows;
    }

    private List<string> ConsoleRows(int columns, int room)
    {
        List<string> rows = [];
        foreach (BoardLine line in _info!.View.Lines.Reverse().Where(IsConsole))
        {
            if (rows.Count >= room)
            {
                break;
            }

            string source = line.Source is "" or "console" ? "" : $"{line.Source}: ";
            string color = line.Kind == LineKind.Console ? "default" : line.Color;
            rows.InsertRange(
                0, _screen.Render(new Markup($"[{color}]{Markup.Escape(source + line.Text)}[/]"), columns));
        }

        return rows.Count > room ? rows[^room..] : rows;
    }

    // What the facts show already is no line here.
    private static bool IsConsole(BoardLine line) =>
        line.Kind is not (LineKind.Reading or LineKind.Status or LineKind.Output or LineKind.Health);

    private Panel Facts(int columns)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap().PadRight(2));
        grid.AddColumn(new GridColumn().PadRight(0));
        foreach ((string name, IRenderable value) in FactRows(columns))
        {
            grid.AddRow(new Markup($"[grey]{name}[/]"), value);
        }

        return new Panel(grid)
        {
            Header = new PanelHeader($"\u00a0[bold]{Markup.Escape(_info!.Title)}[/]\u00a0"),
            Border = BoxBorder.Rounded,
            Expand = true,
        };
    }

    private IEnumerable<(string Name, IRenderable Value)> FactRows(int columns)
    {
        BoardView view = _info!.View;
        bool isWell = view.State == "all well";
        string color = isWell ? "green"
            : view.State is "asleep" or "awake" ? "blue"
            : view.State == "starting" ? "yellow"
            : "red";
        string boot = view.Boot == 0 ? "" : $", boot {view.Boot}";
        yield return ("device", new Markup(
            $"[bold]{Markup.Escape(view.Id)}[/]  [{color}]{Markup.Escape(view.State)}[/]{boot}"));
        yield return ("LED", Led(view));
        yield return ("outputs", new Markup(view.Outputs.Count == 0 ? "none" : string.Join("   ", view.Outputs.Select(
            output => $"{(output.IsOn ? "[yellow]●[/]" : "○")} {Markup.Escape(output.Name)} "
                + (output.IsOn ? "[yellow]on[/]" : "off")))));
        IReadOnlyList<BoardReading> readings = view.Readings;
        yield return ("reading", Reading(readings));
        yield return ("", Curve(readings, columns - 16));
        yield return ("queue", new Markup(Queue()));
        yield return ("link", Link(view));
        if (_info!.Pace is { } pace)
        {
            yield return ("pace", new Markup(Markup.Escape(pace)));
        }

        if (view.Announcement is { } announcement)
        {
            yield return ("", new Markup($"Home Assistant: {Markup.Escape(announcement)}"));
        }
    }

    private static Markup Led(BoardView view) => new(view.IsLit switch
    {
        true => "[yellow]● lit[/]",
        false => "○ dark",
        _ => "○",
    });

    private static Markup Reading(IReadOnlyList<BoardReading> readings)
    {
        if (readings.Count == 0)
        {
            return new Markup("[grey]none yet[/]");
        }

        BoardReading last = readings[^1];
        return new Markup(
            $"[green]{Markup.Escape(last.Text)}[/]   [grey]{Ago.Show(DateTime.Now - last.Time)} ago[/]");
    }

    /// <summary>The temperatures of the last readings, as many as find room.</summary>
    private static Markup Curve(IReadOnlyList<BoardReading> readings, int width)
    {
        const int LegendWidth = 34;
        BoardReading[] shown = [.. readings.TakeLast(Math.Max(1, width - LegendWidth))];
        if (shown.Length < 2)
        {
            return new Markup("");
        }

        double low = shown.Min(reading => reading.Temperature);
        double high = shown.Max(reading => reading.Temperature);
        double step = Math.Max(high - low, 0.1) / (Bars.Length - 1);
        string curve = new([.. shown.Select(reading => Bars[(int)Math.Round((reading.Temperature - low) / step)])]);
        string time = Ago.Show(shown[^1].Time - shown[0].Time);
        return new Markup(
            FormattableString.Invariant($"[green]{curve}[/] [grey]{low:F2} to {high:F2} °C in {time}[/]"));
    }

    private string Queue()
    {
        if (_info!.Outbox == null)
        {
            return "[grey]in memory only[/]";
        }

        if (DateTime.Now - _outboxTime > OutboxInterval)
        {
            _outboxTime = DateTime.Now;
            (int messages, int bytes, int maxBytes) = _info.Outbox.Count();
            _outbox = messages == 0 ? "empty"
                : FormattableString.Invariant($"[yellow]{messages} waiting[/] in flash, ")
                    + FormattableString.Invariant($"{bytes / 1024.0:F1} of {maxBytes / 1024} KB");
        }

        return _outbox;
    }

    private Markup Link(BoardView view)
    {
        bool isWifiOff = _info!.Keys?.IsWifiOff == true;
        string wifi = isWifiOff ? "[red]Wi-Fi off[/]" : "Wi-Fi on";
        string place = Markup.Escape(_info.BrokerText);
        string broker = _info.Keys?.IsBrokerOff == true ? $"[red]broker {place} off[/]" : $"broker {place}";
        string time = $"[grey]for {Ago.Show(DateTime.Now - view.LinkTime)}[/]";
        string link = view.IsAsleep ? $"[blue]asleep[/] {time}"
            : !view.IsConnected ? $"[red]no connection[/] {time}"
            : isWifiOff ? "[yellow]not noticed yet[/]" // the connection is half open
            : $"[green]connected[/] {time}";
        return new Markup($"{wifi}   {broker}   {link}");
    }
}
