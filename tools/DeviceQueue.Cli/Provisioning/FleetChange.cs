using Brokers;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// New content for a fleet's folder: all of it is written aside first, then put in place piece by piece, each at once.
/// Whatever fails before the last byte is written leaves the folder as it was.
/// </summary>
internal sealed class FleetChange(string root)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly List<string> _folders = [];
    private readonly List<string> _first = [];
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly List<string> _removed = [];
    private readonly List<string> _empty = [];

    private string Aside => AsideOf(root);

    public bool IsEmpty => _folders.Count + _files.Count + _removed.Count == 0;

    /// <exception cref="UserException">An earlier change was cut off.</exception>
    public static void RequireNone(string root)
    {
        if (Directory.Exists(AsideOf(root)))
        {
            throw new UserException($"{AsideOf(root)} is left from a run that was cut off. "
                + "Nothing in it is in use: delete it and run this again; what is in place already stays.");
        }
    }

    /// <summary>Makes a folder, for its owner alone.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, Private);
        }
    }

    /// <summary>Adds a folder that is not there yet, with its files.</summary>
    public void AddFolder(string path, IReadOnlyDictionary<string, byte[]> files)
    {
        _folders.Add(path);
        foreach ((string name, byte[] content) in files)
        {
            _files.Add(Path.Combine(path, name), content);
        }
    }

    /// <summary>Makes a folder be there, empty if it is new.</summary>
    public void AddEmptyFolder(string path) => _empty.Add(path);

    /// <summary>Adds or replaces a file, if its content is another.</summary>
    public bool SetFile(string path, byte[] content)
    {
        string full = Path.Combine(root, path);
        if (File.Exists(full) && File.ReadAllBytes(full).AsSpan().SequenceEqual(content))
        {
            return false;
        }

        _files.Add(path, content);
        return true;
    }

    /// <summary>Adds or replaces a file before anything else is in place, even before a folder is gone.</summary>
    public void SetFileFirst(string path, byte[] content)
    {
        if (SetFile(path, content))
        {
            _first.Add(path);
        }
    }

    public void RemoveFolder(string path) => _removed.Add(path);

    /// <exception cref="UserException">The folder cannot be written.</exception>
    public void Commit()
    {
        try
        {
            CreateFolder(root);
            RequireNone(root);
            CreateFolder(Aside);
            PrivateFile.Create(Path.Combine(Aside, "lock")).Dispose(); // where locks do not work, one of two fails here
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{root} cannot be written: {e.Message}", e);
        }

        try
        {
            WriteAside();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Directory.Delete(Aside, recursive: true);
            throw new UserException($"{root} cannot be written, nothing was changed: {e.Message}", e);
        }

        try
        {
            PutInPlace();
            Directory.Delete(Aside, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{root} could be written in part only, and {Aside} holds the rest: {e.Message}", e);
        }
    }

    private static string AsideOf(string root) => Path.Combine(root, ".unfinished");

    private void WriteAside()
    {
        string? taken = _folders.Select(path => Path.Combine(root, path)).FirstOrDefault(Path.Exists);
        if (taken != null)
        {
            throw new IOException($"{taken} is there already");
        }

        foreach ((string path, byte[] content) in _files)
        {
            string full = Path.Combine(Aside, path);
            CreateFolder(Path.GetDirectoryName(full)!);
            using FileStream file = PrivateFile.Create(full);
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        // Here, so that a folder that cannot be made is found before anything is in place.
        IEnumerable<string> parents = _files.Keys.Concat(_folders)
            .Select(path => Path.GetDirectoryName(path)!)
            .Where(path => !_folders.Contains(path));
        foreach (string path in parents.Concat(_empty).Distinct())
        {
            CreateFolder(Path.Combine(root, path));
        }
    }

    private void PutInPlace()
    {
        _first.ForEach(MoveFile);
        foreach (string path in _removed)
        {
            string aside = Path.Combine(Aside, "removed", path);
            CreateFolder(Path.GetDirectoryName(aside)!);
            Directory.Move(Path.Combine(root, path), aside);
        }

        foreach (string path in _folders)
        {
            Directory.Move(Path.Combine(Aside, path), Path.Combine(root, path));
        }

        IEnumerable<string> rest = _files.Keys.Except(_first);
        rest.Where(path => !_folders.Contains(Path.GetDirectoryName(path)!)).ToList().ForEach(MoveFile);
    }

    private void MoveFile(string path) =>
        File.Move(Path.Combine(Aside, path), Path.Combine(root, path), overwrite: true);
}
