using Spectre.Console;

namespace DeviceQueue.Cli.Operating;

/// <summary>Tables with a row for each device.</summary>
internal static class DeviceTable
{
    private const int FrameLines = 4; // the head, what stands below, and the cursor

    /// <summary>Draws what the devices say now, as many as the window has room for.</summary>
    public static Table Watch(IReadOnlyCollection<DeviceState> devices, DateTime now, int height, string trouble)
    {
        Table table = Create("device", "status", "reading", "age", "humidity", "pressure", "outputs", "queue", "faults");
        int room = Math.Max(height - FrameLines, 1);
        foreach (DeviceState device in devices.Take(room))
        {
            string queue = DeviceState.Number(device.Health?["queue"]?["messages"])?.ToString() ?? "-";
            AddRow(
                table,
                device.Id,
                Status(device, now, withTime: true),
                device.Show("temperature", 2, " °C"),
                Age.Show(device.ReadingTime, now),
                device.Show("humidity", 1, " %"),
                device.Show("pressure", 1, ""),
                string.Join(' ', device.Outputs.Select(output => $"{output.Key} {output.Value}")),
                queue,
                string.Join(", ", device.Faults()));
        }

        string more = devices.Count > room ? $"{devices.Count - room} more devices need a taller window" : "";
        string none = devices.Count == 0 ? "no device has said anything yet" : "";
        string[] below = [.. new[] { more, none, trouble }.Where(text => text.Length > 0)];
        return below.Length == 0
            ? table
            : table.Caption(Markup.Escape(string.Join("; ", below)), new Style(Color.Yellow));
    }

    /// <summary>Draws the devices of a list; the texts are theirs.</summary>
    public static Table List(IEnumerable<(DeviceState Device, string Since, string Reading, string Version)> rows)
    {
        Table table = Create("device", "status", "since", "last reading", "version");
        foreach ((DeviceState device, string since, string reading, string version) in rows)
        {
            AddRow(table, device.Id, Status(device, DateTime.UtcNow, withTime: false), since, reading, version);
        }

        return table;
    }

    private static Table Create(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string column in columns)
        {
            Spectre.Console.Text head = new(column, new Style(decoration: Decoration.Bold));
            table.AddColumn(new TableColumn(head).Padding(0, 0, 2, 0).NoWrap());
        }

        return table;
    }

    private static void AddRow(Table table, params string[] cells) =>
        table.AddRow(cells.Select((cell, i) =>
            new Spectre.Console.Text(Plain.Text(cell), i == 1 ? StyleOf(cell) : Style.Plain).Ellipsis()));

    private static string Status(DeviceState device, DateTime now, bool withTime)
    {
        string status = device.Status ?? "never seen";
        return withTime && device.StatusSince is { } since ? $"{status} {Age.Show(since, now)}" : status;
    }

    private static Style StyleOf(string status) => status.Split(' ')[0] switch
    {
        DeviceState.Online => new Style(Color.Green),
        DeviceState.Asleep => new Style(Color.Blue),
        "offline" => new Style(Color.Red),
        _ => Style.Plain,
    };
}
