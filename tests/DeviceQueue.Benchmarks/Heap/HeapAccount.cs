using Mono.Cecil;

namespace DeviceQueue.Benchmarks.Heap;

/// <summary>
/// The interpreter's heap of a running, connected firmware: its objects, tables and threads by owner, and the
/// libraries' part.
/// </summary>
internal sealed class HeapAccount
{
    /// <summary>Marks the owner of what static fields hold: their type.</summary>
    public const string StaticPrefix = "static ";

    private const string LibraryPart = "libraries";
    public const string ThreadPrefix = "thread ";
    private const string TablePrefix = "tables of ";

    private readonly Dictionary<string, int> _owners = [];

    private HeapAccount()
    {
    }

    /// <summary>Gets the bytes by owner: a class, a table, a thread, a library's part.</summary>
    public IReadOnlyDictionary<string, int> Owners => _owners;

    public int Bytes => _owners.Values.Sum();

    /// <summary>Makes the account of a node as it is.</summary>
    /// <param name="roots">What holds all that the library allocated.</param>
    /// <param name="pins">How many pins are open.</param>
    public static HeapAccount Of(IEnumerable<object> roots, int pins)
    {
        HeapAccount account = new();
        account.Add(ObjectWalk.Weigh(roots, typeof(DeviceNode).Assembly));
        using FirmwareCode code = new();
        account.Add(code.WeighObjects(account._owners.Keys.ToHashSet()));
        account.Add(code.WeighThreads());
        foreach (ModuleDefinition module in code.Modules)
        {
            account.Add(TablePrefix + Path.GetFileNameWithoutExtension(module.Name), TypeTables.Weigh(module));
        }

        account.Add(LibraryPart + ": type tables", Libraries.TypeTables);
        account.Add(LibraryPart + ": held by static fields", Libraries.Statics);
        account.Add(LibraryPart + ": threads", Libraries.Threads);
        account.Add(LibraryPart + ": M2Mqtt's client", Libraries.Client);
        account.Add(LibraryPart + ": others", Libraries.Others);
        account.Add(LibraryPart + ": pins", Libraries.Pin * pins);
        return account;
    }

    /// <summary>Sums up by namespace; tables, threads and libraries by kind.</summary>
    public IEnumerable<(string Name, int Bytes)> Groups => _owners
        .GroupBy(owner => GroupOf(owner.Key))
        .Select(group => (group.Key, group.Sum(owner => owner.Value)))
        .OrderByDescending(group => group.Item2);

    private static string GroupOf(string owner)
    {
        (string Prefix, string Group)[] kinds =
            [
                (StaticPrefix, "held by static fields"),
                (ThreadPrefix, "threads"),
                (TablePrefix, "type tables"),
                (LibraryPart, LibraryPart),
            ];
        string? kind = kinds.FirstOrDefault(kind => owner.StartsWith(kind.Prefix, StringComparison.Ordinal)).Group;
        string type = owner.Split('+')[0];
        return kind ?? type[..type.LastIndexOf('.')];
    }

    private void Add(IReadOnlyDictionary<string, int> more)
    {
        foreach ((string owner, int bytes) in more)
        {
            Add(owner, bytes);
        }
    }

    private void Add(string owner, int bytes) => _owners[owner] = _owners.GetValueOrDefault(owner) + bytes;
}
