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
        string program = Path.Combine(AppContext.BaseDirectory.Replace("DeviceQueue.SystemTests", "DeviceQueue.Benchmarks"), "DeviceQueue.Benchmarks.dll");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [program, "queue", "1", "1"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            using CancellationTokenSource bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            bound.CancelAfter(Bound);
            Task<string> errors = process.StandardError.ReadToEndAsync(bound.Token);
            string output = await process.StandardOutput.ReadToEndAsync(bound.Token);
            await process.WaitForExitAsync(bound.Token);

            Assert.True(process.ExitCode == 0, output + await errors);
            foreach (string line in (string[])["Send, QoS 0, envelope, messages/s", "Send, QoS 1, raw, messages/s", "Send to listener, p99, ms", "Send to return of Receive, p50, ms", "allocated by Receive, its thread, bytes"])
            {
                Assert.Matches($@"(?m)^{line} +[0-9]", output);
            }

            Assert.Matches("(?m)^met +heap after 100,000 unread", output);
            Assert.Matches("(?m)^met +allocated by encoding", output);
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
