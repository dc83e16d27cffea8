using DeviceQueue.SystemTests.Simulator;
using DeviceQueue.Tests;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>tools/devicequeue and tools/bench, as far as they go without a build.</summary>
public sealed class Scripts_Tests : IDisposable
{
    private readonly DirectoryInfo _clone = Directory.CreateTempSubdirectory("dq-clone-");

    public Scripts_Tests()
    {
        foreach (string file in (string[])["tools/devicequeue", "tools/bench", "tools/DeviceQueue.Cli/README.md"])
        {
            string target = Path.Combine(_clone.FullName, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(Repository.Root, file), target);
        }
    }

    public void Dispose() => _clone.Delete(recursive: true);

    [Fact]
    public void In_a_fresh_clone_help_is_there_before_anything_is_built()
    {
        string help = Run("tools/devicequeue --help");

        Assert.Contains("tools/devicequeue list --broker mqtt://", help);
        Assert.Contains("tools/devicequeue provision --id greenhouse-1", help);
        Assert.Contains("tools/bench codec", Run("tools/bench --help"));
    }

    [Theory]
    [InlineData("abc", "tools/bench 'abc': queue, codec, footprint, heap, wear or battery is allowed")]
    [InlineData("queue x", "tools/bench queue SECONDS 'x': a number above 0 is allowed")]
    [InlineData("queue 1 0.5", "tools/bench queue RUNS '0.5': a whole number above 0 is allowed")]
    [InlineData("queue 1 2 3", "tools/bench queue: at most 2 arguments are allowed, and '1 2 3' was given")]
    [InlineData("codec 1", "tools/bench codec: no argument is allowed, and '1' was given")]
    [InlineData("battery --tls 2", "tools/bench battery '--tls': no such option (--help names them)")]
    [InlineData("battery --tls-s", "tools/bench battery --tls-s: a number is missing")]
    [InlineData("battery --tls-s x", "tools/bench battery --tls-s 'x': a number above 0 is allowed")]
    [InlineData("battery --drift-percent 6", "tools/bench battery --drift-percent '6': a number from -5 to 5")]
    [InlineData("heap 0", "tools/bench heap SECONDS '0': a whole number above 0 is allowed")]
    public void What_bench_does_not_know_is_refused_in_one_sentence(string arguments, string error)
    {
        string[] said = Run($"tools/bench {arguments} 2>&1 || echo $?").TrimEnd().Split('\n');

        Assert.Equal(2, said.Length);
        Assert.StartsWith($"error: {error}", said[0]);
        Assert.Equal("1", said[1]);
    }

    private string Run(string line) => ToolProcess.Shell($"cd '{_clone.FullName}' && {line}");
}
