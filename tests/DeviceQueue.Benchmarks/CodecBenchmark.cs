using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using DeviceQueue.Messaging;

namespace DeviceQueue.Benchmarks;

/// <summary>An envelope around 100 bytes, written into a given buffer and read into a given object.</summary>
public class CodecBenchmark
{
    private readonly EnvelopeCodec _codec = new();
    private readonly MessageEnvelope _message = Load.NewMessage();
    private readonly MessageEnvelope _into = new();
    private readonly string _id = new('0', 32);
    private readonly DateTime _time = DateTime.UtcNow;
    private readonly byte[] _buffer = new byte[1024];

    /// <summary>Measures, and prints a table; what the runner says only when it fails.</summary>
    public static int Run()
    {
        LogCapture log = new();
        string artifacts = Directory.CreateTempSubdirectory("dq-codec-").FullName;
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddLogger(log)
            .WithArtifactsPath(artifacts);
        Summary summary = BenchmarkRunner.Run<CodecBenchmark>(config);
        Directory.Delete(artifacts, recursive: true);
        if (summary.Reports.Length == 0 || summary.Reports.Any(report => !report.Success))
        {
            Console.Error.WriteLine(string.Concat(log.CapturedOutput.Select(line => line.Text)));
            return 1;
        }

        Table table = new(["mean, ns", "error, ns", "bytes allocated"]);
        table.WriteHeader();
        foreach (BenchmarkReport report in summary.Reports)
        {
            table.Write(
                $"{report.BenchmarkCase.Descriptor.WorkloadMethod.Name} an envelope around {Load.PayloadBytes} bytes",
                report.ResultStatistics!.Mean,
                report.ResultStatistics.StandardError,
                report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase));
        }

        return 0;
    }

    [Benchmark]
    public int Encode() => _codec.Encode(_message, _id, _time, _buffer, 0);

    [Benchmark]
    public EnvelopeError Decode() => _codec.Decode(Load.Envelope, 0, Load.Envelope.Length, _into);
}
