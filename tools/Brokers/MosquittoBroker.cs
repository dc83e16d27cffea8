using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Brokers;

/// <summary>How a <see cref="MosquittoBroker"/> is set up.</summary>
public sealed record MosquittoBrokerOptions
{
    /// <summary>Gets the port on 127.0.0.1; 0 picks a free one.</summary>
    public int Port { get; init; }

    /// <summary>Gets a value indicating whether sessions and retained messages survive a restart, a kill too.</summary>
    public bool Persistence { get; init; }

    /// <summary>Gets a value indicating whether clients may come without a name.</summary>
    public bool AllowAnonymous { get; init; } = true;

    /// <summary>Gets a value indicating whether every packet is logged, which costs more than the packet.</summary>
    public bool LogPackets { get; init; } = true;

    /// <summary>Gets further lines of mosquitto.conf; the first ones belong to the listener.</summary>
    public IReadOnlyList<string> ExtraLines { get; init; } = [];

    /// <summary>
    /// Gets a mosquitto.conf to start with in place of one made from all this; the port has to be one of its listeners.
    /// </summary>
    public string? ConfigurationFile { get; init; }
}

/// <summary>
/// A mosquitto process of our own: on a loopback port, in a temporary folder, gone with us. On Linux it dies with this
/// process, however that ends.
/// </summary>
public sealed class MosquittoBroker : IPrivateBroker
{
    private const int StartTimeoutMs = 15_000;
    private const int PortAttempts = 10;
    private const int MaxLogLines = 5_000;
    private const string OwnConfiguration = "mosquitto.conf";

    private readonly MosquittoBrokerOptions _options;
    private readonly string _executable = FindExecutable();
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;

    private MosquittoBroker(MosquittoBrokerOptions options)
    {
        _options = options;
        Folder = Directory.CreateTempSubdirectory("mosquitto-").FullName;
    }

    /// <summary>Gets a value indicating whether mosquitto is on this machine.</summary>
    public static bool IsInstalled => TryFindExecutable() != null;

    public string Host => "127.0.0.1";

    public int Port { get; private set; }

    /// <summary>Gets the private folder with the configuration and, with persistence, the database.</summary>
    public string Folder { get; }

    public int ProcessId => Running.Id;

    /// <summary>Gets what the broker has logged, the last 5,000 lines.</summary>
    public IReadOnlyCollection<string> Log => _log;

    private Process Running => _process ?? throw new InvalidOperationException("The broker is not running.");

    /// <summary>Starts a broker and waits until it accepts connections.</summary>
    /// <exception cref="FileNotFoundException">mosquitto is not installed; the text says what to install.</exception>
    /// <exception cref="InvalidOperationException">mosquitto did not start; the text holds its log.</exception>
    public static MosquittoBroker Start(MosquittoBrokerOptions? options = null)
    {
        MosquittoBroker broker = new(options ?? new MosquittoBrokerOptions());
        try
        {
            broker.StartOnSomePort();
            return broker;
        }
        catch
        {
            broker.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Finds a free port below the ranges that systems give to outgoing connections: no client can take it while the
    /// broker is down, nor connect to itself on it.
    /// </summary>
    public static int FindFreePort()
    {
        while (true)
        {
            int port = Random.Shared.Next(15_000, 32_000);
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
        }
    }

    /// <summary>Ends the process as kill -9 does: nothing is saved, no connection is closed politely.</summary>
    public void Kill()
    {
        Running.Kill();
        Running.WaitForExit();
        Running.Dispose();
        _process = null;
    }

    /// <summary>
    /// Stops the process without ending it: connections stay open and get no answer. Not on Windows.
    /// </summary>
    public void Freeze() => Signals.Stop(Running.Id);

    public void Thaw() => Signals.Continue(Running.Id);

    /// <summary>Kills the broker if it runs, and starts it again on the same port with the same folder.</summary>
    public void Restart()
    {
        if (_process != null)
        {
            Kill();
        }

        if (!TryStart(Port))
        {
            throw Failure();
        }
    }

    public void Dispose()
    {
        if (_process != null)
        {
            Kill();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static string FindExecutable() => TryFindExecutable()
        ?? throw new FileNotFoundException(
            $"The mosquitto broker was not found in PATH or its usual folder. {Installation.Hint("mosquitto")}");

    private static string? TryFindExecutable()
    {
        string name = OperatingSystem.IsWindows() ? "mosquitto.exe" : "mosquitto";
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        folders = folders.Concat(OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "mosquitto")]
            : ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"]);
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    private void StartOnSomePort()
    {
        if (_options.Port != 0)
        {
            if (!TryStart(_options.Port))
            {
                throw Failure();
            }

            return;
        }

        for (int attempt = 1; !TryStart(FindFreePort()); attempt++)
        {
            // Only a port that was taken since is worth another attempt.
            if (attempt == PortAttempts || !_log.Any(line => line.Contains("Address already in use")))
            {
                throw Failure();
            }

            _log.Clear();
        }
    }

    private bool TryStart(int port)
    {
        Port = port;
        if (_options.ConfigurationFile == null)
        {
            File.WriteAllText(Path.Combine(Folder, OwnConfiguration), Configuration(port));
        }

        using ManualResetEventSlim accepts = new();
        using ManualResetEventSlim ended = new();
        Process process = ChildProcess.Start(StartInfo(), line =>
        {
            Keep(line);
            if (line.EndsWith(" running", StringComparison.Ordinal))
            {
                accepts.Set();
            }
        }, ended.Set);
        if (WaitHandle.WaitAny([accepts.WaitHandle, ended.WaitHandle], StartTimeoutMs) == 0)
        {
            _process = process;
            return true;
        }

        process.Kill();
        process.WaitForExit();
        process.Dispose();
        return false;
    }

    private ProcessStartInfo StartInfo() => new(_executable)
    {
        ArgumentList = { "-c", _options.ConfigurationFile ?? Path.Combine(Folder, OwnConfiguration) },
        WorkingDirectory = Folder,
    };

    private string Configuration(int port)
    {
        StringBuilder lines = new();
        lines.AppendLine($"listener {port} {Host}");
        foreach (string line in _options.ExtraLines)
        {
            lines.AppendLine(line);
        }

        lines.AppendLine($"allow_anonymous {(_options.AllowAnonymous ? "true" : "false")}");
        lines.AppendLine("set_tcp_nodelay true");
        lines.AppendLine("max_inflight_messages 0");
        lines.AppendLine("max_queued_messages 0");
        lines.AppendLine("log_dest stderr");
        foreach (string type in _options.LogPackets ? (string[])["all"] : ["error", "warning", "notice", "information"])
        {
            lines.AppendLine($"log_type {type}");
        }

        lines.AppendLine("log_timestamp false");
        if (_options.Persistence)
        {
            lines.AppendLine("persistence true");
            lines.AppendLine($"persistence_location {Folder}{Path.DirectorySeparatorChar}");
            lines.AppendLine("autosave_on_changes true");
            lines.AppendLine("autosave_interval 1");
        }

        if (Environment.UserName == "root")
        {
            // Else it becomes the user "mosquitto", which may not read our folder, and whom the kernel no longer kills
            // when we die.
            lines.AppendLine("user root");
        }

        return lines.ToString();
    }

    private void Keep(string line)
    {
        _log.Enqueue(line);
        while (_log.Count > MaxLogLines)
        {
            _log.TryDequeue(out _);
        }
    }

    private InvalidOperationException Failure() =>
        new($"mosquitto did not start on port {Port}:\n{string.Join('\n', _log.TakeLast(20))}");
}
