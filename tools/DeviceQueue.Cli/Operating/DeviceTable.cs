using Spectre.Console;
using Cell = Spectre.Console.Text;

namespace DeviceQueue.Cli.Operating;

/// <summary>Tables with a row for each device, one line high; what does not fit the window is cut.</summary>
internal static class DeviceTable
{
    private const int FrameLines = 4; // the head, what stands below, and the cursor
    private const int WideGap = 2;
    private const int StatusColumn = 1;

    private static readonly string[] WatchHead =
        ["device", "status", "reading", "age", "humidity", "pressure", "outputs", "queue", "faults"];

    // In this order they give way, down to so many characters.
    private static readonly (int Column, int Least)[] WatchCuts = [(6, 10), (8, 8), (0, 10), (1, 7), (6, 7), (0, 6)];

    private static readonly string[] ListHead = ["device", "status", "since", "last reading", "version"];
    private static readonly (int Column, int Least)[] ListCuts = [(0, 10)];

    /// <summary>Draws what the devices say now, as many as the window has room for.</summary>
    public static Table Watch(IReadOnlyCollection<DeviceView> devices, DateTime now, Profile window, string trouble)
    {
        int room = Math.Max(window.Height - FrameLines, 1);
        string more = devices.Count > room ? $"{devices.Count - room} more devices need a taller window" : "";
        string none = devices.Count == 0 ? "no device has said anything yet" : "";
        string[] below = [.. new[] { more, none, trouble }.Where(text => text.Length > 0)];
        Table table = Create(
            WatchHead, devices.Take(room).Select(device => WatchRow(device, now)), WatchCuts, window.Width);
        return below.Length == 0
            ? table
            : table.Caption(Markup.Escape(string.Join("; ", below)), new Style(Color.Yellow));
    }

    /// <summary>Draws the devices of a list; the texts are theirs.</summary>
    public static Table List(
        IEnumerable<(DeviceView Device, string Since, string Reading, string Version)> rows, Profile window) =>
        Create(
            ListHead,
            rows.Select(row => (string[])
                [row.Device.Id, row.Device.Status ?? "never seen", row.Since, row.Reading, row.Version]),
            ListCuts,
            window.Width);

    private static string[] WatchRow(DeviceView device, DateTime now) =>
    [
        device.Id,
        Status(device, now),
        device.Show("temperature", 2, " °C"),
        Age.Show(device.ReadingTime, now),
        device.Show("humidity", 1, " %"),
        device.Show("pressure", 1, ""),
        string.Join(' ', device.Outputs.Select(output => $"{output.Key} {output.Value}")),
        DeviceView.Number(device.Health?["queue"]?["messages"])?.ToString() ?? "-",
        string.Join(", ", device.Faults()),
    ];

    private static Table Create(
        string[] head, IEnumerable<string[]> rows, (int Column, int Least)[] cuts, int windowWidth)
    {
        string[][] cells = [head, .. rows.Select(row => row.Select(Plain.Text).ToArray())];
        int[] widths = [.. head.Select((_, column) => cells.Max(row => row[column].Length))];
        int gap = widths.Sum(width => width + WideGap) <= windowWidth ? WideGap : 1;
        int excess = widths.Sum(width => width + gap) - windowWidth;
        foreach ((int column, int least) in cuts)
        {
            int cut = Math.Clamp(excess, 0, Math.Max(widths[column] - least, 0));
            widths[column] -= cut;
            excess -= cut;
        }

        Table table = new Table().Border(TableBorder.None);
        for (int i = 0; i < head.Length; i++)
        {
            Cell title = new(Cut(head[i], widths[i]), new Style(decoration: Decoration.Bold));
            table.AddColumn(new TableColumn(title).Padding(0, 0, gap, 0).NoWrap());
        }

        foreach (string[] row in cells[1..])
        {
            table.AddRow(row.Select((cell, i) =>
                new Cell(Cut(cell, widths[i]), i == StatusColumn ? StyleOf(cell) : Style.Plain)));
        }

        return table;
    }

    private static string Cut(string text, int width) => text.Length <= width ? text : $"{text[..(width - 1)]}…";

    private static string Status(DeviceView device, DateTime now)
    {
        string status = device.Status ?? "never seen";
        if (status == DeviceView.Asleep && device.NextConnect is { } next)
        {
            return $"{status} until {next.ToLocalTime():HH:mm}";
        }

        return device.StatusSince is { } since ? $"{status} {Age.Show(since, now)}" : status;
    }

    private static Style StyleOf(string status) => status.Split(' ')[0] switch
    {
        DeviceView.Online => new Style(Color.Green),
        DeviceView.Asleep => new Style(Color.Blue),
        "offline" => new Style(Color.Red),
        _ => Style.Plain,
    };
}
