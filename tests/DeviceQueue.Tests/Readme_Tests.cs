using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceQueue.Commanding;
using DeviceQueue.Configuration;
using DeviceQueue.Connecting;
using DeviceQueue.Health;
using DeviceQueue.HomeAssistant;
using DeviceQueue.Messaging;
using DeviceQueue.Settings;

namespace DeviceQueue.Tests;

public sealed partial class Readme_Tests
{
    private const int SegmentBytes = 4096;

    [Fact]
    public void The_settings_of_the_README_are_good()
    {
        Assert.Equal("greenhouse-1", Page.Settings("README.md").Id);
    }

    [Fact]
    public void The_librarys_sample_is_the_example_that_a_test_runs()
    {
        string[] readme = File.ReadAllLines(Path.Combine(Repository.Root, "firmware", "DeviceQueue", "README.md"));
        string[] source = File.ReadAllLines(Path.Combine(Repository.Root, "tests", "DeviceQueue.SystemTests", "Queue", "TutorialExample.cs"));
        int fence = Array.IndexOf(readme, "```csharp", Array.IndexOf(readme, "<!-- sample -->")) + 1;
        int first = Array.FindIndex(source, line => line.Trim() == "// sample") + 1;
        int indent = source[first].Length - source[first].TrimStart().Length;

        string[] example = [.. source[first..Array.FindIndex(source, line => line.Trim() == "// end of sample")].Select(line => line.Length > indent ? line[indent..] : line)];
        Assert.Equal(example, readme[fence..Array.IndexOf(readme, "```", fence)]);
    }

    [Fact]
    public void The_console_texts_that_the_README_explains_are_the_firmwares()
    {
        string[] texts = [.. ConsoleRow().Matches(Table("| it says | so |")).Where(row => !row.Value.Contains("a line of nanoFramework's"))
            .SelectMany(row => Quote().Matches(row.Value)).Select(quote => quote.Groups[1].Value)];
        string[] literals = [.. Directory.GetFiles(Path.Combine(Repository.Root, "firmware"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Literal().Matches(File.ReadAllText(file))).Select(literal => literal.Groups[1].Value.Trim(' ', ':'))];

        // A text is put together from literals, with a colon between them and numbers after them.
        string[] pieces = [.. texts.SelectMany(text => text.Replace("devicequeue.json", "…").Split(['…', ':'])).Select(piece => piece.Trim(' ', '4', '5')).Where(piece => piece.Length > 0)];

        Assert.True(texts.Length >= 5, $"{texts.Length} texts");
        Assert.All(pieces, piece => Assert.Contains(literals, literal => literal == piece || literal.StartsWith(piece + " ", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_limits_that_the_README_names_are_the_firmwares()
    {
        ConnectionSettings settings = Page.Load("README.md").Connection;
        QueueOptions readings = settings.Readings;
        QueueOptions commands = settings.Commands;

        Says($"{readings.OutboxMaxBytes / SegmentBytes} segments of {SegmentBytes:N0} bytes");
        Says($"{readings.MaxMessages} messages, {readings.MaxBytes:N0} bytes");
        Says($"{readings.MaxMessageSize} bytes with its topic");
        Says($"{commands.MaxMessageSize:N0} bytes with its topic");
        Says($"may have {EnvelopeCodec.MaxFieldBytes} bytes, `message_id` {CommandDispatcher.MaxIdLength}, "
            + $"a text among the arguments {CommandArguments.MaxTextBytes}");
        Says($"{commands.MaxMessages} messages, {commands.MaxBytes:N0} bytes", 2);
        Says($"{MqttLinkEventQueue.MaxMessages} messages, {MqttLinkEventQueue.MaxBytes:N0} bytes of payloads");
        Says($"{CommandAnswer.MaxResultBytes} bytes");
        Says($"{CommandHistory.MaxCommands} changes, {CommandHistory.MaxReads} others");
        Says($"{DeviceSettings.MaxOutputs} outputs and all else");
        Says($"{DeviceSettings.MaxOutputs}, names of {DeviceSettings.MaxNameLength} characters");
        Says($"{LatestValues.MaxValues} topics, {LatestValues.MaxInflight} in flight");
        Says($"{HealthReport.MaxBytes:N0} bytes");
        Says($"{DeviceDiscovery.MinRoomBytes:N0} bytes with its topic");
        Says($"{SettingsLoader.MaxFileBytes:N0} bytes; {JsonConfigReader.MaxEntries} values and sections; "
            + $"a key {JsonConfigReader.MaxKeyBytes} bytes, a value {JsonConfigReader.MaxValueBytes}");
    }

    [Fact]
    public void The_reasons_that_the_README_gives_for_a_loss_are_those_that_health_reports()
    {
        string page = Page.Read("README.md");

        // With the overflow policy of a device no reading is replaced.
        string[] names = [.. DropReason.Names.Split(' ').Where(name => name != "replaced")];
        Assert.All(names, name => Assert.Contains($"`{name}`", page));
    }

    [Fact]
    public void The_file_that_nanoff_deploys_is_the_one_that_the_firmware_reads()
    {
        JsonElement deployment = Json().Matches(Page.Read("README.md")).Select(block => JsonDocument.Parse(block.Groups[1].Value).RootElement).Single(json => json.TryGetProperty("Files", out _));
        JsonElement file = Assert.Single(deployment.GetProperty("Files").EnumerateArray());

        Assert.Equal(@"I:\" + SettingsLoader.FileName, file.GetProperty("DestinationFilePath").GetString());
        Assert.Equal(SettingsLoader.FileName, file.GetProperty("SourceFilePath").GetString());
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("firmware/DeviceQueue/README.md")]
    [InlineData("hardware/README.md")]
    [InlineData("tools/DeviceQueue.Cli/README.md")]
    public void Links_within_the_repository_lead_somewhere(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        foreach (string link in Link().Matches(Page.Read(page)).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://")))
        {
            string[] parts = link.Split('#');
            string target = parts[0].Length == 0 ? Path.Combine(Repository.Root, page) : Path.Combine(folder, parts[0]);
            Assert.True(Path.Exists(target), link);
            Assert.True(parts.Length == 1 || Anchors(target).Contains(parts[1]), link);
        }
    }

    private static void Says(string limit, int times = 1) =>
        Assert.Equal(times, Table("| limit | is |").Split($" {limit}").Length - 1);

    private static IEnumerable<string> Anchors(string page) =>
        File.ReadLines(page).Where(line => line.StartsWith('#')).Select(line => line.TrimStart('#', ' ').ToLowerInvariant().Replace(' ', '-'));

    private static string Table(string head)
    {
        string readme = Page.Read("README.md");
        int start = readme.IndexOf(head, StringComparison.Ordinal);
        return readme[start..readme.IndexOf("\n\n", start, StringComparison.Ordinal)];
    }

    /// <summary>The first column of a row.</summary>
    [GeneratedRegex(@"^ *\|[^|]*`[^|]*(?=\|)", RegexOptions.Multiline)]
    private static partial Regex ConsoleRow();

    [GeneratedRegex("```json(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quote();

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Literal();
}
