using System.Text;
using DeviceQueue.Configuring;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests;

public sealed class Readme_Tests
{
    [Fact]
    public void The_settings_of_the_README_are_good()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        int start = readme.IndexOf("```json", readme.IndexOf("<!-- settings -->", StringComparison.Ordinal), StringComparison.Ordinal) + "```json".Length;
        byte[] json = Encoding.UTF8.GetBytes(readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)]);

        LoadedSettings loaded = new SettingsLoader(new SettingsStore(new MemoryStore()), null, "default", ConnectionSettings.GetDefaults()).Load(json, json.Length);

        Assert.Equal(SettingsSource.File, loaded.Source);
        Assert.Equal(0, loaded.Problems.WarningCount);
        Assert.Equal("greenhouse-1", loaded.Device.Id);
    }
}
