using System.Diagnostics;
using System.Globalization;

namespace DeviceQueue.Benchmarks;

/// <summary>libmosquitto in a C program that is built on the spot; its envelope is written beforehand.</summary>
internal sealed class BareSubject : ISubject
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bare-").FullName;
    private readonly int _port;

    private BareSubject(int port) => _port = port;

    public string Name => "libmosquitto";

    private string Executable => Path.Combine(_folder, "bare");

    /// <summary>Builds the program; null without a C compiler or the library, and why.</summary>
    public static BareSubject? TryBuild(int port, out string absence)
    {
        BareSubject subject = new(port);
        string source = Path.Combine(AppContext.BaseDirectory, "bare", "bare.c");
        string library = OperatingSystem.IsLinux() ? "-l:libmosquitto.so.1" : "-lmosquitto";
        try
        {
            Run("cc", "-O2", "-o", subject.Executable, source, library, "-pthread");
            absence = "";
            return subject;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            subject.Dispose();
            absence = $"libmosquitto is not measured: {e.Message}";
            return null;
        }
    }

    public double MeasureThroughput(int qos, bool envelope, double seconds)
    {
        int bytes = envelope ? Load.Envelope.Length : Load.PayloadBytes;
        return Measure("load", $"{_port}", $"{qos}", $"{bytes}", seconds.ToString(CultureInfo.InvariantCulture))[0];
    }

    public double[] MeasureListen(int messages) =>
        Measure("listen", $"{_port}", $"{Load.Envelope.Length}", $"{messages}");

    public double[]? MeasureReceive(int messages) => null;

    public long? MeasureUnread(int messages, Action<string> publishTo) => null;

    public bool TrySendOne(int tapPort, string topic, string text, bool envelope, Action waitForArrival) => false;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors.Result}");
    }

    private double[] Measure(params string[] arguments)
    {
        string[] lines = Run(Executable, arguments).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return Array.ConvertAll(lines, static line => double.Parse(line, CultureInfo.InvariantCulture));
    }
}
