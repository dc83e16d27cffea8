using System.Text;
using System.Text.RegularExpressions;
using DeviceQueue.Configuring;
using DeviceQueue.Esp32;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests;

/// <summary>A page of the documentation.</summary>
internal static partial class Page
{
    public static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    /// <summary>Loads the settings that a page shows as a board does, and finds nothing wrong with them.</summary>
    public static DeviceSettings Settings(string file)
    {
        byte[] json = Encoding.UTF8.GetBytes(SettingsBlock().Match(Read(file)).Groups[1].Value);
        LoadedSettings loaded = new SettingsLoader(new SettingsStore(new MemoryStore()), new Esp32Pins(true), "default", ConnectionSettings.GetDefaults()).Load(json, json.Length);

        Assert.Equal(SettingsSource.File, loaded.Source);
        Assert.Equal(0, loaded.Problems.WarningCount);
        return loaded.Device;
    }

    [GeneratedRegex(@"<!-- settings -->\s*```json(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SettingsBlock();
}
