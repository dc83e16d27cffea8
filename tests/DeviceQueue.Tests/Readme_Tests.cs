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
}
