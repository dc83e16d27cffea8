using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// The one who may read and change a fleet's folder. It is taken before the first byte is read, so that no change
/// rests on what another run has changed since. The system takes it away from a process that ends, however it ends.
/// </summary>
internal sealed class FleetLock : IDisposable
{
    public const string File = ".lock";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly FileStream _file;

    private FleetLock(string root, FileStream file)
    {
        Root = root;
        _file = file;
    }

    public string Root { get; }

    /// <summary>Waits for its turn at a folder, which is made if it is not there.</summary>
    /// <exception cref="UserException">Another run does not end, or the folder cannot be written.</exception>
    public static FleetLock Take(string path)
    {
        string root = Path.GetFullPath(path);
        long start = Environment.TickCount64;
        try
        {
            FleetChange.CreateFolder(root);
            while (true)
            {
                if (TryOpen(Path.Combine(root, File)) is { } file)
                {
                    return new FleetLock(root, file);
                }

                if (Environment.TickCount64 - start > Patience.TotalMilliseconds)
                {
                    string held = $"for more than {Patience.TotalSeconds} s";
                    throw new UserException($"another devicequeue has been at work in {root} {held}");
                }

                Thread.Sleep(Pause);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{root} cannot be written: {e.Message}", e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStream? TryOpen(string path)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new FileStream(path, options);
        }
        catch (IOException) when (System.IO.File.Exists(path))
        {
            return null; // it is held
        }
    }
}
