using System.Globalization;
using DeviceQueue.Benchmarks;

const string Usage = """
    DeviceQueue.Benchmarks queue [SECONDS [RUNS]]   the queue beside Pip.Services' for Node.js, and
                                                    libmosquitto and MQTTnet alone; each run of a load takes
                                                    SECONDS (2), medians over RUNS (5)
    DeviceQueue.Benchmarks codec                    time and memory of writing and reading an envelope, by
                                                    BenchmarkDotNet
    DeviceQueue.Benchmarks footprint                size of the firmware's assemblies, its heap on the interpreter
                                                    by owner, and what a reading and a command allocate
    """;

switch (args)
{
    case ["queue", .. { Length: <= 2 } rest]:
        double seconds = rest.Length > 0 ? double.Parse(rest[0], CultureInfo.InvariantCulture) : 2;
        int runs = rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : 5;
        return QueueBenchmark.Run(seconds, runs);
    case ["codec"]:
        return CodecBenchmark.Run();
    case ["footprint"]:
        return Footprint.Run();
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}
