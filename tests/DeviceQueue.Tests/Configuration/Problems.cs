using System.Text;
using DeviceQueue.Configuration;

namespace DeviceQueue.Tests.Configuration;

internal static class Problems
{
    public static string[] Errors(this ConfigProblems problems) => [.. Enumerable.Range(0, problems.KeptErrors).Select(problems.GetError)];

    public static string[] Warnings(this ConfigProblems problems) => [.. Enumerable.Range(0, problems.KeptWarnings).Select(problems.GetWarning)];

    public static ConfigParams? ReadJson(string json, ConfigProblems problems)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        return ConfigJson.Read("devicequeue.json", bytes, bytes.Length, problems);
    }
}
