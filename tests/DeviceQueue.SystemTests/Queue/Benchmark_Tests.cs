using System.Diagnostics;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>The benchmark in its short form. How fast a busy machine is proves nothing; that everything is measured, and what is counted in bytes, does.</summary>
[Collection(nameof(Alone))]
public sealed class Benchmark_Tests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Every_line_has_a_figure_and_memory_stays_within_its_limits()
    {
        (int exitCode, string output) = await Run("queue", "1", "1");

        Assert.True(exitCode == 0, output);
        foreach (string line in (string[])["Send, QoS 0, envelope, messages/s", "Send, QoS 1, raw, messages/s", "Send to listener, p99, ms", "Send to return of Receive, p50, ms", "allocated by Receive, its thread, bytes"])
        {
            Assert.Matches($@"(?m)^{line} +[0-9]", output);
        }

        Assert.Matches("(?m)^met +heap after 100,000 unread", output);
        Assert.Matches("(?m)^met +allocated by encoding", output);
    }

    [Fact]
    public async Task The_firmwares_code_and_buffers_are_as_small_as_promised()
    {
        (int exitCode, string output) = await Run("footprint");

        Assert.Matches("(?m)^met +IL of the firmware", output);
        Assert.Matches("(?m)^met +buffers beyond the settings' limits", output);
        Assert.Equal(0, exitCode);
        Assert.All((string[])["after start", "at rest", "with full queues"], moment => Assert.Matches($"(?m)^{moment} +[0-9]", output));
    }

    private static async Task<(int ExitCode, string Output)> Run(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory.Replace("DeviceQueue.SystemTests", "DeviceQueue.Benchmarks"), "DeviceQueue.Benchmarks.dll");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            using CancellationTokenSource bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
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
