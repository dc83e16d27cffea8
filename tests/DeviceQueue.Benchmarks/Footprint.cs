using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using DeviceQueue.Benchmarks.Counting;
using DeviceQueue.Benchmarks.Heap;

namespace DeviceQueue.Benchmarks;

/// <summary>
/// What the firmware takes: its assemblies on flash, and the interpreter's heap in memory, by the model of
/// <see cref="Sizes"/>.
/// </summary>
internal static class Footprint
{
    private const int LabelWidth = 50;
    private const int Noteworthy = 200;
    private const int Copies = 3;

    public static int Run() => CountingContext.Run(RunCounted);

    private static int RunCounted()
    {
        int il = WriteAssemblies();
        WriteSources();
        FootprintNode node = new();
        node.RunForHours();
        HeapAccount rest = node.WeighHeap();
        Write(rest);
        (Cost wake, int files, int writes) = new FootprintNode(new FootprintSettings(IsSleeping: true)).CountWakeUp();
        Tally.Watch();
        Cost reading = CountedWork.Count(node.TakeReading);
        Cost command = node.LargestCommands.Select(node.CountCommand).MaxBy(cost => cost.Bytes)!;
        node.Reconnect();
        WriteCosts(reading, command, wake);
        int before = node.WeighHeap().Bytes;
        node.Fill();
        int full = node.WeighHeap().Bytes - before;

        Console.WriteLine();
        int peak = rest.Bytes + full + (int)command.Bytes + node.PacketBytes(Copies);
        int largest = Tally.Largest.Values.DefaultIfEmpty().Max();
        int largestAllowed = Math.Max(Goals.LargestPiece, Sizes.Array(node.LargestPayloadBytes, 1));
        bool isMet = WriteGoal("working set at rest", rest.Bytes, Goals.AtRest);
        isMet &= WriteGoal("with TLS", Weigh(new FootprintSettings(IsSecure: true)), Goals.WithTls);
        isMet &= WriteGoal("with all", Weigh(new FootprintSettings(Outputs: 8, IsFull: true)), Goals.WithAll);
        isMet &= WriteGoal("at the peak", peak, Goals.AtThePeak);
        isMet &= WriteGoal("allocated in one piece after start", largest, largestAllowed);
        isMet &= WriteGoal("allocated for a reading", (int)reading.Bytes, Goals.ReadingBytes);
        isMet &= WriteGoal("allocated for a reading", (int)reading.Allocations, Goals.ReadingAllocations, "pieces");
        isMet &= WriteGoal("IL of the firmware", il, Goals.IlBytes);
        isMet &= WriteGoal("a short wake-up runs", (int)wake.Instructions, Goals.WakeIl, "instructions");
        isMet &= WriteGoal("a short wake-up reads", files, Goals.WakeFiles, "files");
        isMet &= WriteGoal("a short wake-up writes", writes, Goals.WakeWrites, "times");
        return isMet ? 0 : 1;
    }

    private static int Weigh(FootprintSettings settings)
    {
        FootprintNode node = new(settings);
        node.RunForHours();
        return node.WeighHeap().Bytes;
    }

    private static void Write(HeapAccount account)
    {
        Console.WriteLine("the interpreter's heap at rest, connected, bytes");
        foreach ((string group, int bytes) in account.Groups)
        {
            WriteLine(group, bytes);
        }

        Console.WriteLine("owners");
        foreach ((string owner, int bytes) in
            account.Owners.OrderByDescending(owner => owner.Value).Where(owner => owner.Value >= Noteworthy))
        {
            WriteLine("  " + owner, bytes);
        }
    }

    private static void WriteCosts(Cost reading, Cost command, Cost wake)
    {
        Console.WriteLine($"{"counted, the library's own code",-LabelWidth}{"allocations",12}{"bytes",10}{"IL",10}");
        WriteCost("a reading", reading);
        WriteCost("an envelope encoded", CountedWork.CountEncode());
        WriteCost("an envelope decoded", CountedWork.CountDecode());
        WriteCost("the largest command, from arrival to answer", command);
        WriteCost("a wake-up that does not connect", wake);
        foreach ((string maker, int bytes) in Tally.Largest.OrderByDescending(piece => piece.Value))
        {
            Console.WriteLine(
                $"in one piece of more than {Goals.LargestPiece:N0} bytes, after start: {maker} {bytes:N0}");
        }
    }

    private static void WriteCost(string label, Cost cost) =>
        Console.WriteLine($"{label,-LabelWidth}{cost.Allocations,12:N0}{cost.Bytes,10:N0}{cost.Instructions,10:N0}");

    private static int WriteAssemblies()
    {
        Console.WriteLine($"{"assembly, bytes",-LabelWidth}{"file",10}{"IL",10}{"metadata",10}");
        int all = 0;
        foreach (string name in FirmwareCode.Names)
        {
            string path = FirmwareCode.PathOf(name);
            using PEReader file = new(File.OpenRead(path));
            MetadataReader metadata = file.GetMetadataReader();
            int il = metadata.MethodDefinitions
                .Select(handle => metadata.GetMethodDefinition(handle).RelativeVirtualAddress)
                .Where(address => address != 0)
                .Sum(address => file.GetMethodBody(address).Size);
            Console.WriteLine(
                $"{name,-LabelWidth}{new FileInfo(path).Length,10:N0}{il,10:N0}{file.PEHeaders.MetadataSize,10:N0}");
            all += il;
        }

        return all;
    }

    private static void WriteSources([CallerFilePath] string here = "")
    {
        string firmware = Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "firmware");
        string[] sources = [.. Directory.GetFiles(firmware, "*.cs", SearchOption.AllDirectories)
            .Where(
                file => !Path.GetRelativePath(firmware, file)
                    .Split(Path.DirectorySeparatorChar)
                    .Any(folder => folder is "bin" or "obj" or "Desktop"))];
        string[] lines = [.. sources.SelectMany(File.ReadLines).Select(line => line.Trim())];
        WriteLine("sources", sources.Length);
        WriteLine("lines", lines.Length);
        WriteLine(
            "lines neither blank nor comment",
            lines.Count(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal)));
    }

    private static bool WriteGoal(string what, int value, int limit, string unit = "bytes")
    {
        Console.WriteLine($"{what}: {value:N0} {unit} (goal {limit:N0})");
        return value <= limit;
    }

    private static void WriteLine(string label, long value) => Console.WriteLine($"{label,-LabelWidth}{value,10:N0}");
}
