using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;

namespace DeviceQueue.Benchmarks;

/// <summary>What the firmware takes: its assemblies on flash, its heap in memory.</summary>
internal static class Footprint
{
    private const int KiB = 1024;
    private const int MaxIlBytes = 120 * KiB;
    private const int MaxBytesBeyondLimits = 8 * KiB;
    private const int Noteworthy = 256;
    private const int LabelWidth = 34;

    private static readonly string[] Assemblies = ["DeviceQueue", "DeviceQueue.NanoFramework", "DeviceQueue.Esp32"];

    public static int Run()
    {
        int il = WriteAssemblies();
        WriteSources();
        WeighNode(_ => { }); // once for the runtime, which allocates at each first time
        Dictionary<string, int> buffers = [];
        Console.WriteLine("heap of the library, measured on this runtime (64 bit), bytes");
        int limits = WeighNode(node => buffers = FindBuffers(node), WriteLine);
        int sum = buffers.Values.Sum();
        WriteLine("buffers among that", sum);
        foreach ((string owner, int bytes) in buffers.OrderByDescending(buffer => buffer.Value).Where(buffer => buffer.Value >= Noteworthy))
        {
            WriteLine("  " + owner, bytes);
        }

        WriteLine("limits of the queues' settings", limits);
        Console.WriteLine("goals");
        bool isIlMet = WriteGoal("IL of the firmware", il, MaxIlBytes);
        bool isHeapMet = WriteGoal("buffers beyond the settings' limits", sum - limits, MaxBytesBeyondLimits);
        return isIlMet && isHeapMet ? 0 : 1;
    }

    /// <summary>Weighs a node after its start, at rest after some hours of work, where it may be looked into, and when nothing more fits.</summary>
    private static int WeighNode(Action<FootprintNode> look, Action<string, long>? write = null)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        FootprintNode node = new();
        Weigh("after start");
        node.RunForHours();
        Weigh("at rest");
        look(node);
        node.Fill();
        Weigh("with full queues");
        return node.LimitBytes;

        void Weigh(string when)
        {
            long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
            write?.Invoke(when, bytes);
        }
    }

    private static int WriteAssemblies()
    {
        Console.WriteLine($"{"assembly, bytes",-LabelWidth}{"file",10}{"IL",10}{"metadata",10}");
        int all = 0;
        foreach (string name in Assemblies)
        {
            string path = Path.Combine(AppContext.BaseDirectory, name + ".dll");
            using PEReader file = new(File.OpenRead(path));
            MetadataReader metadata = file.GetMetadataReader();
            int il = metadata.MethodDefinitions
                .Select(handle => metadata.GetMethodDefinition(handle).RelativeVirtualAddress)
                .Where(address => address != 0)
                .Sum(address => file.GetMethodBody(address).Size);
            Console.WriteLine($"{name,-LabelWidth}{new FileInfo(path).Length,10:N0}{il,10:N0}{file.PEHeaders.MetadataSize,10:N0}");
            all += il;
        }

        return all;
    }

    private static void WriteSources([CallerFilePath] string here = "")
    {
        string firmware = Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "firmware");
        string[] sources = [.. Directory.GetFiles(firmware, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(firmware, file).Split(Path.DirectorySeparatorChar).Any(folder => folder is "bin" or "obj" or "Desktop"))];
        string[] lines = [.. sources.SelectMany(File.ReadLines).Select(line => line.Trim())];
        WriteLine("sources", sources.Length);
        WriteLine("lines", lines.Length);
        WriteLine("lines neither blank nor comment", lines.Count(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal)));
    }

    /// <summary>Adds up the arrays of numbers that the library holds, by the class that holds them; what stands for the board is not followed.</summary>
    private static Dictionary<string, int> FindBuffers(FootprintNode node)
    {
        Dictionary<string, int> found = [];
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        Stack<(object Item, string Owner)> left = new();
        foreach (object root in node.Roots)
        {
            left.Push((root, root.GetType().Name));
        }

        foreach (FieldInfo field in typeof(DeviceNode).Assembly.GetTypes().SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)).Where(field => !field.IsLiteral))
        {
            Push(field.GetValue(null), field.DeclaringType!.Name + ", static");
        }

        while (left.TryPop(out (object Item, string Owner) next))
        {
            if (next.Item is Array array)
            {
                if (array.GetType().GetElementType()!.IsPrimitive)
                {
                    found[next.Owner] = found.GetValueOrDefault(next.Owner) + Buffer.ByteLength(array);
                    continue;
                }

                foreach (object? element in array)
                {
                    Push(element, next.Owner);
                }

                continue;
            }

            for (Type? type = next.Item.GetType(); type != null; type = type.BaseType)
            {
                foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    Push(field.GetValue(next.Item), next.Item.GetType().Name);
                }
            }
        }

        return found;

        void Push(object? item, string owner)
        {
            if (item != null && (item is Array || item.GetType().Assembly == typeof(DeviceNode).Assembly) && item is not Delegate && seen.Add(item))
            {
                left.Push((item, owner));
            }
        }
    }

    private static bool WriteGoal(string what, int value, int limit)
    {
        bool isMet = value <= limit;
        Console.WriteLine($"{(isMet ? "met" : "missed"),-8}{what}: {value:N0} of {limit:N0} bytes");
        return isMet;
    }

    private static void WriteLine(string label, long value) => Console.WriteLine($"{label,-LabelWidth}{value,10:N0}");
}
