using System.Collections.Concurrent;
using System.Diagnostics;

namespace Brokers;

/// <summary>Starts processes that end when this one does.</summary>
internal static class ChildProcess
{
    private const string DeathSignaller = "/usr/bin/setpriv";
    private static readonly BlockingCollection<Action> Work = [];

    // The kernel sends the parent-death signal when the thread that forked ends, so that one must live as long as the
    // process.
    static ChildProcess() => new Thread(static () =>
    {
        foreach (Action work in Work.GetConsumingEnumerable())
        {
            work();
        }
    })
    { IsBackground = true, Name = "Starts child processes" }.Start();

    /// <summary>Starts a process, hands on each line of its standard error, and tells when it has ended.</summary>
    internal static Process Start(ProcessStartInfo info, Action<string> line, Action ended)
    {
        if (OperatingSystem.IsLinux() && File.Exists(DeathSignaller))
        {
            string[] command = ["--pdeathsig", "KILL", info.FileName, .. info.ArgumentList];
            info.FileName = DeathSignaller;
            info.ArgumentList.Clear();
            Array.ForEach(command, info.ArgumentList.Add);
        }

        info.RedirectStandardError = true;
        info.UseShellExecute = false;
        Process process = new() { StartInfo = info };
        process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data == null)
            {
                ended();
            }
            else
            {
                line(e.Data);
            }
        };
        TaskCompletionSource started = new();
        Work.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        started.Task.GetAwaiter().GetResult();
        process.BeginErrorReadLine();
        return process;
    }
}
