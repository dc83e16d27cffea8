using System.Collections.Concurrent;
using System.Diagnostics;

namespace Brokers;

/// <summary>Starts processes that end when this one does.</summary>
internal static class ChildProcess
{
    private const string DeathSignaller = "/usr/bin/setpriv";
    private const string SessionMaker = "/usr/bin/setsid";
    private const string Perl = "/usr/bin/perl";
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

    /// <summary>
    /// Starts a process, hands on each line of its standard error, and tells when it has ended. It has nothing of our
    /// terminal: neither its Ctrl-C, nor its keys.
    /// </summary>
    internal static Process Start(ProcessStartInfo info, Action<string> line, Action ended)
    {
        LeaveTerminal(info);
        if (OperatingSystem.IsLinux() && File.Exists(DeathSignaller))
        {
            RunThrough(info, DeathSignaller, "--pdeathsig", "KILL");
        }

        info.RedirectStandardInput = true; // .NET gives the terminal's settings to a child that has any of the three
        info.RedirectStandardOutput = true;
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
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static void LeaveTerminal(ProcessStartInfo info)
    {
        if (OperatingSystem.IsWindows())
        {
            info.CreateNewProcessGroup = true;
        }
        else if (OperatingSystem.IsLinux() && File.Exists(SessionMaker))
        {
            RunThrough(info, SessionMaker);
        }
        else if (File.Exists(Perl))
        {
            RunThrough(info, Perl, "-e", "setpgrp; exec @ARGV"); // macOS has no setsid
        }
    }

    private static void RunThrough(ProcessStartInfo info, string program, params string[] arguments)
    {
        string[] command = [.. arguments, info.FileName, .. info.ArgumentList];
        info.FileName = program;
        info.ArgumentList.Clear();
        Array.ForEach(command, info.ArgumentList.Add);
    }
}
