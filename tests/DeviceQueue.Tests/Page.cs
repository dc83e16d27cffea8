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
    public static DeviceSettings Settings(string file) => Load(file).Device;

    /// <summary>As above, with what else the settings say.</summary>
    public static SettingsLoader Load(string file)
    {
        byte[] json = Encoding.UTF8.GetBytes(SettingsBlock().Match(Read(file)).Groups[1].Value);
        var loader = new SettingsLoader(
            new MemoryStore { Files = { [SettingsLoader.FileName] = json } }, new Esp32Board(hasPsram: true));

        Assert.True(loader.Load("default"));
        Assert.Equal((SettingsSource.File, 0), (loader.Settings.Source, loader.Problems.WarningCount));
        return loader;
    }

    [GeneratedRegex(@"<!-- settings -->\s*```json(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SettingsBlock();
}
