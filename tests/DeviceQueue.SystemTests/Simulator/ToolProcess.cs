using System.Diagnostics;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Simulator;

/// <summary>A tool as its user starts it: a process, here with a process group of its own.</summary>
internal class ToolProcess : IDisposable
{
    private readonly Process _process;

    public ToolProcess(string program, params string[] arguments)
        : this(["dotnet", Path.Combine(AppContext.BaseDirectory, program), .. arguments])
    {
    }

    private ToolProcess(IEnumerable<string> command)
    {
        ProcessStartInfo start = new("setsid") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Recorder<string> Lines { get; } = new();

    /// <summary>Starts a line in a shell.</summary>
    public static ToolProcess InShell(string line) => new((IEnumerable<string>)["sh", "-c", line]);

    public string WaitForLine(string part) =>
        Lines.WaitFor(1, line => line.Contains(part, StringComparison.Ordinal))[0];

    public int WaitForExit(TimeSpan? timeout = null)
    {
        Assert.True(_process.WaitForExit(timeout ?? Patience.Bound), "The tool did not end.");
        return _process.ExitCode;
    }

    /// <summary>Starts a program that is installed, with its arguments as one line; its output is not held back.
    /// </summary>
    public static ToolProcess Run(string program, string arguments) =>
        new((IEnumerable<string>)["stdbuf", "-oL", program, .. arguments.Split(' ')]);

    /// <summary>Sends a signal to the whole process group.</summary>
    public void Signal(string name) => Shell($"kill -{name} -{_process.Id}");

    /// <summary>Runs a line in a shell and gives what it printed.</summary>
    public static string Shell(string line)
    {
        using Process shell = Process.Start(
            new ProcessStartInfo("sh", ["-c", line]) { RedirectStandardOutput = true })!;
        string output = shell.StandardOutput.ReadToEnd();
        Assert.True(shell.WaitForExit(Patience.Bound), $"This line did not end: {line}");
        Assert.True(shell.ExitCode == 0, $"Exit code {shell.ExitCode}: {line}");
        return output;
    }

    public void Dispose()
    {
        Shell($"kill -KILL -{_process.Id} 2>/dev/null || true"); // it may have ended
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        if (e.Data != null)
        {
            Lines.Add(e.Data);
        }
    }
}
