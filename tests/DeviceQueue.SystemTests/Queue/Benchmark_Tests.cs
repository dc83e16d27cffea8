using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>
/// The benchmark in its short form. How fast a busy machine is proves nothing; that everything is measured, and what is
/// counted in bytes, does.
/// </summary>
[Collection(nameof(Alone))]
public sealed class Benchmark_Tests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Every_line_has_a_figure_and_memory_stays_within_its_limits()
    {
        (int exitCode, string output) = await Run("queue", "1", "1");

        Assert.True(exitCode == 0, output);
        string[] lines =
        [
            "Send, QoS 0, envelope, messages/s",
            "Send, QoS 1, raw, messages/s",
            "Send to listener, p99, ms",
            "Send to return of Receive, p50, ms",
            "allocated by Receive, its thread, bytes",
        ];
        foreach (string line in lines)
        {
            Assert.Matches($@"(?m)^{line} +[0-9]", output);
        }

        Assert.Matches("(?m)^met +heap after 100,000 unread", output);
        Assert.Matches("(?m)^met +allocated by encoding", output);
    }

    [Fact]
    public async Task The_firmware_fits_a_heap_of_96_KB_at_rest_with_all_and_at_the_peak()
    {
        (int exitCode, string output) = await Run("footprint");

        MatchCollection goals = Regex.Matches(
            output, @"(?m)^(?<what>[^:\n]+): (?<value>[0-9,]+) \w+ \(goal (?<goal>[0-9,]+)\)");
        string[] names = [.. goals.Select(goal => goal.Groups["what"].Value)];
        Assert.All(
            (string[])["working set at rest", "with TLS", "with all", "at the peak"],
            name => Assert.Contains(name, names));
        Assert.All(goals, goal => Assert.True(Number(goal.Groups["value"]) <= Number(goal.Groups["goal"]), output));
        Assert.All(
            (string[])["libraries", "type tables", "threads", "a reading", "an envelope encoded"],
            part => Assert.Matches($"(?m)^{part} +[0-9]", output));
        Assert.Equal(0, exitCode);
    }

    private static int Number(Group digits) =>
        int.Parse(digits.Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private static async Task<(int ExitCode, string Output)> Run(params string[] arguments)
    {
        string program = Path.Combine(
            AppContext.BaseDirectory.Replace("DeviceQueue.SystemTests", "DeviceQueue.Benchmarks"),
            "DeviceQueue.Benchmarks.dll");
        using Process process = Process.Start(
            new ProcessStartInfo("dotnet", [program, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        try
        {
            using CancellationTokenSource bound = CancellationTokenSource.CreateLinkedTokenSource(
                TestContext.Current.CancellationToken);
            bound.CancelAfter(Bound);
            Task<string> errors = process.StandardError.ReadToEndAsync(bound.Token);
            string output = await process.StandardOutput.ReadToEndAsync(bound.Token);
            await process.WaitForExitAsync(bound.Token);
            return (process.ExitCode, output + await errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Nothing beside it: its load would take the processors from tests that wait.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
