using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DeviceQueue.Commands;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.HomeAssistant;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;
using DeviceQueue.Text;

namespace DeviceQueue.Tests;

public sealed partial class Readme_Tests
{
    private const int SegmentBytes = 4096;

    public static TheoryData<string> Pages =>
    [
        "README.md",
        .. ((string[])["firmware", "hardware", "tools"])
            .SelectMany(folder => Directory.GetFiles(
                Path.Combine(Repository.Root, folder), "*.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/bin/") && !file.Contains("/obj/")),
    ];

    [Fact]
    public void The_settings_of_the_README_are_good()
    {
        Assert.Equal("greenhouse-1", Page.Settings("README.md").Id);
    }

    [Fact]
    public void The_README_is_a_tour()
    {
        Assert.InRange(File.ReadAllLines(Path.Combine(Repository.Root, "README.md")).Length, 1, 150);
    }

    [Fact]
    public void The_librarys_sample_is_with_its_usings_the_example_that_a_test_runs()
    {
        string folder = Path.Combine(Repository.Root, "tests", "DeviceQueue.SystemTests", "Queue");
        string[] source = File.ReadAllLines(Path.Combine(folder, "TutorialExample.cs"));
        int first = Array.FindIndex(source, line => line.Trim() == "// sample") + 1;
        int end = Array.FindIndex(source, line => line.Trim() == "// end of sample");
        int indent = source[first].Length - source[first].TrimStart().Length;
        string[] example =
        [
            .. source.Where(line => line.StartsWith("using ", StringComparison.Ordinal)),
            "",
            .. source[first..end].Select(line => line.Length > indent ? line[indent..] : line),
        ];

        Assert.Equal(example, Block("<!-- sample -->", "```csharp"));
    }

    [Fact]
    public void The_samples_project_references_one_that_is_there()
    {
        // The page's clone is beside the folder of the sample.
        const string Clone = "../DeviceQueue/";
        XElement project = XElement.Parse(string.Join('\n', Block("<!-- project -->", "```xml")));
        string path = Assert.Single(project.Descendants("ProjectReference")).Attribute("Include")!.Value;

        Assert.StartsWith(Clone, path);
        Assert.True(File.Exists(Path.Combine(Repository.Root, path[Clone.Length..])), path);
    }

    [Fact]
    public void The_console_texts_that_a_page_explains_are_the_firmwares()
    {
        string[] texts =
        [
            .. ConsoleRow().Matches(Table("firmware/CONSOLE.md", "| it says | so |"))
                .Where(row => !row.Value.Contains("a line of nanoFramework's"))
                .SelectMany(row => Quote().Matches(row.Value))
                .Select(quote => quote.Groups[1].Value),
        ];
        string[] literals =
            [.. Directory.GetFiles(Path.Combine(Repository.Root, "firmware"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Literal().Matches(File.ReadAllText(file)))
                .Select(literal => literal.Groups[1].Value.Trim(' ', ':'))];

        // A text is put together from literals, with a colon between them and numbers after them.
        string[] pieces =
        [
            .. texts.SelectMany(text => text.Replace("devicequeue.json", "…").Split(['…', ':']))
                .Select(piece => piece.Trim(' ', '4', '5'))
                .Where(piece => piece.Length > 0),
        ];

        Assert.True(texts.Length >= 5, $"{texts.Length} texts");
        Assert.All(
            pieces,
            piece => Assert.Contains(
                literals, literal => literal == piece || literal.StartsWith(piece + " ", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_limits_that_the_design_names_are_the_firmwares()
    {
        ConnectionSettings settings = Page.Load("README.md").Connection;
        QueueOptions readings = settings.Readings;
        QueueOptions commands = settings.Commands;

        Says($"{readings.OutboxMaxBytes / SegmentBytes} segments of {SegmentBytes:N0} bytes");
        Says($"{readings.MaxMessages} messages, {readings.MaxBytes:N0} bytes");
        Says($"{readings.MaxMessageSize} bytes with its topic");
        Says($"{commands.MaxMessageSize:N0} bytes with its topic");
        Says($"may have {EnvelopeCodec.MaxFieldBytes} bytes, `message_id` {CommandVerifier.MaxIdLength}, "
            + $"a text among the arguments {CommandArguments.MaxTextBytes}");
        Says($"{commands.MaxMessages} messages, {commands.MaxBytes:N0} bytes", 2);
        Says($"{MqttLinkEventQueue.MaxMessages} messages, {MqttLinkEventQueue.MaxBytes:N0} bytes of payloads");
        Says($"{CommandAnswer.MaxResultBytes} bytes");
        Says($"{CommandHistory.MaxCommands} changes, {CommandHistory.MaxReads} others");
        Says($"{OutputSettings.MaxCount} outputs and all else");
        Says($"{OutputSettings.MaxCount}, names of {PlainText.MaxNameLength} characters");
        Says($"{LatestValues.MaxValues} topics, {LatestValues.MaxInflight} in flight");
        Says($"{HealthReport.MaxBytes:N0} bytes");
        Says($"{DeviceDiscovery.MinRoomBytes:N0} bytes with its topic");
        Says($"{SettingsLoader.MaxFileBytes:N0} bytes; {JsonConfigReader.MaxEntries} values and sections; "
            + $"a key {JsonConfigReader.MaxKeyBytes} bytes, a value {JsonConfigReader.MaxValueBytes}");
    }

    [Fact]
    public void The_reasons_for_a_loss_are_those_that_health_reports()
    {
        string table = Table("firmware/MESSAGES.md", "| dropped as | |");

        // With the overflow policy of a device no reading is replaced.
        string[] names = [.. DropReason.Names.Split(' ').Where(name => name != "replaced")];
        Assert.Equal(names.Order(), FirstQuotes(table).Order());
    }

    [Fact]
    public void The_codes_of_an_answer_are_the_firmwares()
    {
        string[] codes = [.. typeof(CommandCode).GetFields().Select(code => (string)code.GetValue(null)!)];

        Assert.Equal(codes.Order(), FirstQuotes(Table("firmware/MESSAGES.md", "| code | |")).Order());
    }

    [Fact]
    public void The_file_that_nanoff_deploys_is_the_one_that_the_firmware_reads()
    {
        JsonElement deployment = Json()
            .Matches(Page.Read("README.md"))
            .Select(block => JsonDocument.Parse(block.Groups[1].Value).RootElement)
            .Single(json => json.TryGetProperty("Files", out _));
        JsonElement file = Assert.Single(deployment.GetProperty("Files").EnumerateArray());

        Assert.Equal(@"I:\" + SettingsLoader.FileName, file.GetProperty("DestinationFilePath").GetString());
        Assert.Equal(SettingsLoader.FileName, file.GetProperty("SourceFilePath").GetString());
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_within_the_repository_lead_somewhere(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        string[] links = [.. Link().Matches(Page.Read(page)).Select(match => match.Groups[1].Value)];
        foreach (string link in links.Where(link => !link.Contains("://")))
        {
            string[] parts = link.Split('#');
            string target = parts[0].Length == 0 ? Path.Combine(Repository.Root, page) : Path.Combine(folder, parts[0]);
            Assert.True(Path.Exists(target), link);
            Assert.True(parts.Length == 1 || Anchors(target).Contains(parts[1]), link);
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_is_plain_English(string page)
    {
        Assert.Empty(Dialect().Matches(Page.Read(page)).Select(match => match.Value));
    }

    private static IEnumerable<string> FirstQuotes(string table) =>
        ConsoleRow().Matches(table)
            .SelectMany(row => Quote().Matches(row.Value))
            .Select(quote => quote.Groups[1].Value);

    private static void Says(string limit, int times = 1) =>
        Assert.Equal(times, Table("firmware/README.md", "| limit | is |").Split($" {limit}").Length - 1);

    private static IEnumerable<string> Anchors(string page) =>
        File.ReadLines(page).Where(line => line.StartsWith('#'))
            .Select(line => NotInAnchors().Replace(line.TrimStart('#', ' ').ToLowerInvariant(), "").Replace(' ', '-'));

    private static string Table(string page, string head)
    {
        string text = Page.Read(page);
        int start = text.IndexOf(head, StringComparison.Ordinal);
        return text[start..text.IndexOf("\n\n", start, StringComparison.Ordinal)];
    }

    /// <summary>The code after a mark of the library's page.</summary>
    private static string[] Block(string mark, string fence)
    {
        string[] page = Page.Read("firmware/DeviceQueue/README.md").ReplaceLineEndings("\n").Split('\n');
        int start = Array.IndexOf(page, fence, Array.IndexOf(page, mark)) + 1;
        return page[start..Array.IndexOf(page, "```", start)];
    }

    /// <summary>The first column of a row.</summary>
    [GeneratedRegex(@"^ *\|[^|]*`[^|]*(?=\|)", RegexOptions.Multiline)]
    private static partial Regex ConsoleRow();

    [GeneratedRegex(@"[^\w -]")]
    private static partial Regex NotInAnchors();

    [GeneratedRegex(
        @"\b(whoever|somebody|anew|for good|caretaker|farewell|floor mark|dialer)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Dialect();

    [GeneratedRegex("```json(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quote();

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Literal();
}
