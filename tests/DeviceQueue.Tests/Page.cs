using System.Text;
using System.Text.RegularExpressions;
using DeviceQueue.Esp32.Boards;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests;

/// <summary>A page of the documentation.</summary>
internal static partial class Page
{
    public static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    /// <summary>Loads the settings that a page shows as a board does, and finds nothing wrong with them.</summary>
    /// <param name="mark">The comment before them.</param>
    public static DeviceSettings Settings(string file, string mark = "settings") => Load(file, mark).Device;

    /// <summary>As above, with what else the settings say.</summary>
    public static SettingsLoader Load(string file, string mark = "settings")
    {
        Match block = SettingsBlock().Matches(Read(file)).First(block => block.Groups[1].Value == mark);
        byte[] json = Encoding.UTF8.GetBytes(block.Groups[2].Value);
        var loader = new SettingsLoader(
            new MemoryStore { Files = { [SettingsLoader.FileName] = json } }, new Esp32Board(hasPsram: true));

        Assert.True(loader.Load("default"));
        Assert.Equal((SettingsSource.File, 0), (loader.Settings.Source, loader.Problems.WarningCount));
        return loader;
    }

    [GeneratedRegex(@"<!-- ([\w ]*settings) -->\s*```json(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SettingsBlock();
}
