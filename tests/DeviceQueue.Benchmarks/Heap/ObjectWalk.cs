using System.Collections;
using System.Reflection;
using DeviceQueue.Benchmarks.Counting;

namespace DeviceQueue.Benchmarks.Heap;

/// <summary>
/// Weighs, as the interpreter would, all objects of the firmware that can be reached from some roots and from the
/// static fields of an assembly. An object of the firmware is its own owner, an array or a text has its holder's; what
/// stands for the board is not followed.
/// </summary>
internal sealed class ObjectWalk
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly Assembly[] _firmware;
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<(object Item, string Owner)> _left = new();

    private ObjectWalk(Assembly[] firmware) => _firmware = firmware;

    /// <summary>Gets the bytes by owner: a type's full name.</summary>
    private Dictionary<string, int> Bytes { get; } = [];

    public static Dictionary<string, int> Weigh(IEnumerable<object> roots, params Assembly[] firmware)
    {
        ObjectWalk walk = new(firmware);
        foreach (object root in roots)
        {
            walk.Push(root, root.GetType().FullName!);
        }

        foreach (Type type in firmware.SelectMany(assembly => assembly.GetTypes()))
        {
            foreach (FieldInfo field in type.GetFields(Own | BindingFlags.Static).Where(field => !field.IsLiteral))
            {
                walk.Push(field.GetValue(null), HeapAccount.StaticPrefix + type.FullName!);
            }
        }

        walk.Run();
        return walk.Bytes;
    }

    private static IEnumerable<FieldInfo> FieldsOf(Type type)
    {
        for (Type? part = type; part != null && part != typeof(object); part = part.BaseType)
        {
            foreach (FieldInfo field in part.GetFields(Own | BindingFlags.Instance))
            {
                yield return field;
            }
        }
    }

    private void Push(object? item, string owner)
    {
        if (item is not null and not ValueType && _seen.Add(item))
        {
            _left.Push((item, owner));
        }
    }

    private void Run()
    {
        while (_left.TryPop(out (object Item, string Owner) next))
        {
            Weigh(next.Item, next.Owner);
        }
    }

    private void Weigh(object item, string owner)
    {
        switch (item)
        {
            case string text:
                Add(owner, IsLiteral(text) ? Sizes.Literal : Sizes.String(text));
                break;
            case Array array:
                Add(owner, Sizes.Array(array));
                PushAll(array, owner);
                break;
            case Hashtable table:
                Add(owner, Sizes.Hashtable(table) + (CountValues(table) * Sizes.Boxed));
                PushAll(table.Keys, owner);
                PushAll(table.Values, owner);
                break;
            case ArrayList list:
                Add(owner, Sizes.ArrayList(list));
                PushAll(list, owner);
                break;
            case Delegate handler:
                WeighDelegate(handler, owner);
                break;
            default:
                WeighObject(item, owner);
                break;
        }
    }

    /// <summary>A library that is not rewritten has the desktop's literals, which are shared.</summary>
    private static bool IsLiteral(string text) =>
        Tally.IsLiteral(text) || ReferenceEquals(string.IsInterned(text), text);

    private static int CountValues(Hashtable table) =>
        table.Keys.Cast<object>().Concat(table.Values.Cast<object?>()).Count(item => item is ValueType);

    private void WeighDelegate(Delegate handler, string owner)
    {
        Delegate[] all = handler.GetInvocationList();
        Add(owner, Sizes.Multicast(all.Length));
        foreach (Delegate one in all)
        {
            Push(one.Target, owner);
        }
    }

    private void WeighObject(object item, string owner)
    {
        Type type = item.GetType();
        if (type.Assembly == typeof(ObjectWalk).Assembly)
        {
            return;
        }

        if (!_firmware.Contains(type.Assembly))
        {
            Add(owner, Sizes.Object(0)); // an event, a lock: what it has beside is the interpreter's
            return;
        }

        int fields = 0;
        foreach (FieldInfo field in FieldsOf(type))
        {
            fields++;
            Push(field.GetValue(item), type.FullName!);
        }

        Add(type.FullName!, Sizes.Object(fields));
    }

    private void PushAll(IEnumerable items, string owner)
    {
        foreach (object? item in items)
        {
            Push(item, owner);
        }
    }

    private void Add(string owner, int bytes) => Bytes[owner] = Bytes.GetValueOrDefault(owner) + bytes;
}
