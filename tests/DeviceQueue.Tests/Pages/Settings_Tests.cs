using System.Text.RegularExpressions;
using DeviceQueue.Settings;

namespace DeviceQueue.Tests.Pages;

/// <summary>
/// The table of settings against the readers; a row's meaning is the one thing that the page itself has.
/// </summary>
public sealed partial class Settings_Tests
{
    private const string File = "firmware/SETTINGS.md";
    private const string Head = "| key | default | range | meaning |\n|---|---|---|---|\n";

    // Set to 1, the table is written as the readers have it.
    private const string Write = "DEVICEQUEUE_WRITE_PAGES";

    private static readonly IReadOnlyList<KnownSetting> Known = KnownSettings.Read();

    [Fact]
    public void The_table_is_what_the_readers_know()
    {
        string page = Page.Read(File).ReplaceLineEndings("\n");
        int start = page.IndexOf(Head, StringComparison.Ordinal) + Head.Length;
        int end = page.IndexOf("\n\n", start - 1, StringComparison.Ordinal) + 1;
        string table = page[start..end];

        string wanted = Table(Row().Matches(table));

        if (Environment.GetEnvironmentVariable(Write) == "1")
        {
            System.IO.File.WriteAllText(Path.Combine(Repository.Root, File), page[..start] + wanted + page[end..]);
        }
        else
        {
            Assert.True(wanted == table, $"{File} is to say (run with {Write}=1 to write it):\n{Head}{wanted}");
        }
    }

    [Fact]
    public void Every_setting_has_a_meaning()
    {
        string[] told =
        [
            .. Row().Matches(Page.Read(File).ReplaceLineEndings("\n"))
                .Where(row => row.Groups["meaning"].Value.Length > 4)
                .Select(row => row.Groups["key"].Value),
        ];

        Assert.Equal(Known.Select(setting => setting.Key), told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_settings_are_found_in_the_readers()
    {
        string[] keys = [.. Known.Select(setting => setting.Key)];
        string[] some =
        [
            "client_id", "connection.host", "credential.username", "device.outputs.N.pin", "device.interval_ms",
            "options.outbox_max_bytes", "tls.ca", "topic", "will.qos",
            .. Enumerable.Range(0, FirmwareDefaults.Count).Select(FirmwareDefaults.GetKey),
        ];
        Assert.All(some, key => Assert.Contains(key, keys));
        Assert.All(
            Enumerable.Range(0, FirmwareDefaults.Count),
            i => Assert.StartsWith(
                FirmwareDefaults.GetValue(i),
                Known.Single(setting => setting.Key == FirmwareDefaults.GetKey(i)).Default));
        Assert.Contains(new KnownSetting("device.interval_ms", "60000", "1,000 to 86,400,000"), Known);
        Assert.Contains(new KnownSetting("device.outputs.N.active", "high", "low or high"), Known);
        Assert.Contains(new KnownSetting("device.status_led", "none", "0 to 255"), Known);
    }

    [Fact]
    public void The_page_says_what_config_set_changes()
    {
        string[] changed =
            [
                .. Enumerable.Range(0, FirmwareDefaults.ChangeableCount)
                    .Select(i => $"`{FirmwareDefaults.GetKey(i)[7..]}`"),
            ];

        string page = Page.Read("firmware/MESSAGES.md");
        string row = page.Split('\n').Single(line => line.StartsWith("| `config.set ", StringComparison.Ordinal));

        Assert.All(changed, key => Assert.Contains(key, row));
    }

    // The rows stand in the page's order; a setting that the page does not have comes last.
    private static string Table(MatchCollection rows)
    {
        var meanings = rows.ToDictionary(row => row.Groups["key"].Value, row => row.Groups["meaning"].Value);
        var places = rows.Select(row => row.Groups["key"].Value)
            .Index()
            .ToDictionary(row => row.Item, row => row.Index);
        return string.Concat(
            from setting in Known
            orderby places.GetValueOrDefault(setting.Key, int.MaxValue)
            select $"| `{setting.Key}` | {setting.Default} | {setting.Range} | "
                + $"{meanings.GetValueOrDefault(setting.Key, "?")} |\n");
    }

    [GeneratedRegex(@"^\| `(?<key>[a-zN0-9_.]+)` \| [^|]* \| [^|]* \| (?<meaning>.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
