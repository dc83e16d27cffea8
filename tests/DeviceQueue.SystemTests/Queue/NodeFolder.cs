using System.Diagnostics;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>The Node.js programs beside this one, with the packages that their lock file names.</summary>
internal static class NodeFolder
{
    private const string Hint = "Install Node.js 18 or newer with npm (Debian: apt-get install nodejs npm).";

    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "node");

    /// <summary>Gets why no Node.js program can run here, or null.</summary>
    public static string? Absence { get; } = FindAbsence();

    /// <summary>Installs the packages, unless those of this lock file are there.</summary>
    public static void Install()
    {
        string wanted = File.ReadAllText(System.IO.Path.Combine(Path, "package-lock.json"));
        string installed = System.IO.Path.Combine(Path, "node_modules", ".installed");
        if (File.Exists(installed) && File.ReadAllText(installed) == wanted)
        {
            return;
        }

        using Process npm = Process.Start(
            new ProcessStartInfo(
                OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            {
                WorkingDirectory = Path,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        Task<string> errors = npm.StandardError.ReadToEndAsync();
        string output = npm.StandardOutput.ReadToEnd();
        npm.WaitForExit();
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"npm ci failed with exit code {npm.ExitCode}:\n{output}{errors.Result}");
        }

        File.WriteAllText(installed, wanted);
    }

    /// <summary>Starts a program; it ends when its standard input does.</summary>
    public static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("node", arguments)
    {
        WorkingDirectory = Path,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string? FindAbsence()
    {
        try
        {
            using Process node = Start("--version");
            node.WaitForExit();
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"Node.js is not installed. {Hint}";
        }
    }
}
