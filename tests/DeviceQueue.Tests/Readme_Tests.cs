using System.Text.RegularExpressions;

namespace DeviceQueue.Tests;

public sealed partial class Readme_Tests
{
    [Fact]
    public void The_settings_of_the_README_are_good()
    {
        Assert.Equal("greenhouse-1", Page.Settings("README.md").Id);
    }

    [Fact]
    public void The_console_texts_that_the_README_explains_are_the_firmwares()
    {
        string[] texts = [.. ConsoleRow().Matches(Table("| it says | so |")).SelectMany(row => Quote().Matches(row.Value)).Select(quote => quote.Groups[1].Value)];
        string[] literals = [.. Directory.GetFiles(Path.Combine(Repository.Root, "firmware"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Literal().Matches(File.ReadAllText(file))).Select(literal => literal.Groups[1].Value.Trim(' ', ':'))];

        // A text is put together from literals, with a colon between them and numbers after them.
        string[] pieces = [.. texts.SelectMany(text => text.Replace("devicequeue.json", "…").Split(['…', ':'])).Select(piece => piece.Trim(' ', '4', '5')).Where(piece => piece.Length > 0)];

        Assert.True(texts.Length >= 5, $"{texts.Length} texts");
        Assert.All(pieces, piece => Assert.Contains(literals, literal => literal == piece || literal.StartsWith(piece + " ", StringComparison.Ordinal)));
    }

    private static string Table(string head)
    {
        string readme = Page.Read("README.md");
        int start = readme.IndexOf(head, StringComparison.Ordinal);
        return readme[start..readme.IndexOf("\n\n", start, StringComparison.Ordinal)];
    }

    /// <summary>The first column of a row.</summary>
    [GeneratedRegex(@"^ *\|[^|]*`[^|]*(?=\|)", RegexOptions.Multiline)]
    private static partial Regex ConsoleRow();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quote();

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Literal();
}
