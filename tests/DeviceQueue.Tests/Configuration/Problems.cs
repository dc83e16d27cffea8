using System.Text;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Text;

namespace DeviceQueue.Tests.Configuration;

internal static class Problems
{
    public static string[] Errors(this ConfigProblems problems) =>
        [.. Enumerable.Range(0, problems.KeptErrors).Select(problems.GetError)];

    public static string[] Warnings(this ConfigProblems problems) =>
        [.. Enumerable.Range(0, problems.KeptWarnings).Select(problems.GetWarning)];

    public static ConfigParams? ReadJson(string json, ConfigProblems problems) =>
        ReadJson(Encoding.UTF8.GetBytes(json), problems);

    public static ConfigParams? ReadJson(byte[] json, ConfigProblems problems)
    {
        var config = new ConfigParams();
        var reader = new JsonConfigReader("devicequeue.json", new BytesSource(json, json.Length), problems);
        while (reader.Read())
        {
            config.Set(reader.Key, reader.Value);
        }

        return reader.HasFailed ? null : config;
    }
}
