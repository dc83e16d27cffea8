using System.Globalization;
using System.Runtime.InteropServices;
using Brokers;
using DeviceQueue.SystemTests.Queue;
using Mqtt;

namespace DeviceQueue.Benchmarks;

/// <summary>
/// Measures all subjects in one run, in turn for each line, so that what else the machine does meets them alike.
/// </summary>
internal sealed class QueueBenchmark
{
    private const int UnreadMessages = 100_000;
    private const int AllowanceBytes = 64 * 1024;
    private const double RequiredReceiveMs = 0.5;

    // For each QoS, of what the others send by name.
    private static readonly (string Name, double[] Ratios)[] RequiredRatios =
    [
        ("libmosquitto", [1.0, 1.3]),
        ("pip-services3-mqtt-node", [1.5, 1.5]),
    ];

    private const int PatienceMs = 30_000;

    private readonly Table _table;
    private readonly LibrarySubject _library;
    private readonly ISubject[] _subjects;
    private readonly MosquittoBroker _broker;
    private readonly double _seconds;
    private readonly int _runs;

    private QueueBenchmark(MosquittoBroker broker, ISubject[] subjects, double seconds, int runs)
    {
        _broker = broker;
        _subjects = subjects;
        _library = (LibrarySubject)subjects[0];
        _seconds = seconds;
        _runs = runs;
        _table = new Table([.. subjects.Select(subject => subject.Name)]);
    }

    public static int Run(double seconds, int runs)
    {
        using MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions { LogPackets = false });
        LibrarySubject library = new(broker.Port);
        List<ISubject> subjects = [library];
        if (BareSubject.TryBuild(broker.Port, out string absence) is { } bare)
        {
            subjects.Add(bare);
        }
        else
        {
            Console.WriteLine(absence);
        }

        subjects.Add(new MqttNetSubject(broker.Port));
        if (NodeFolder.Absence == null)
        {
            subjects.Add(new NodeSubject(broker.Port));
        }
        else
        {
            Console.WriteLine(NodeFolder.Absence);
        }

        new QueueBenchmark(broker, [.. subjects], seconds, runs).Measure();
        subjects.ForEach(subject => subject.Dispose());
        return 0;
    }

    private static double Median(IEnumerable<double> values) => Percentile([.. values], 50);

    private static double Percentile(double[] values, int percent)
    {
        Array.Sort(values);
        return values[(values.Length - 1) * percent / 100];
    }

    private void Measure()
    {
        string configuration = typeof(QueueBenchmark).Assembly.GetCustomAttributes(false)
            .OfType<System.Reflection.AssemblyConfigurationAttribute>()
            .First().Configuration;
        Console.WriteLine(
            $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, "
                + $"{RuntimeInformation.FrameworkDescription}, {configuration}; Mosquitto on 127.0.0.1");
        Console.WriteLine(
            $"payload {Load.PayloadBytes} bytes, at most {Load.Outstanding} outstanding; medians of {_runs} runs of "
                + $"{_seconds.ToString(CultureInfo.InvariantCulture)} s after a warm-up");
        WriteLoadAverage("before");
        Console.WriteLine();
        _table.WriteHeader();
        List<double>[][] loads = [MeasureThroughput(0, true), MeasureThroughput(1, true)];
        MeasureThroughput(0, false);
        MeasureThroughput(1, false);
        MeasureListen();
        double receive = MeasureReceive();
        double unread = MeasureUnread();
        MeasureWire();
        double encode = MeasureAllocations();
        WriteGoals(loads, receive, unread, encode);
    }

    private List<double>[] MeasureThroughput(int qos, bool envelope)
    {
        List<double>[] values = [.. _subjects.Select(_ => new List<double>())];
        for (int run = -1; run < _runs; run++)
        {
            for (int i = 0; i < _subjects.Length; i++)
            {
                double value = _subjects[i]
                    .MeasureThroughput(qos, envelope, run < 0 ? Math.Min(_seconds, 1) : _seconds);
                if (run >= 0)
                {
                    values[i].Add(value);
                }
            }
        }

        _table.Write(
            $"Send, QoS {qos}, {(envelope ? "envelope" : "raw")}, messages/s",
            [.. values.Select(runs => (double?)Median(runs))]);
        return values;
    }

    private void MeasureListen()
    {
        int messages = (int)(_seconds * _runs * 500);
        double[][] latencies = [.. _subjects.Select(subject => subject.MeasureListen(messages))];
        _table.Write("Send to listener, p50, ms", [.. latencies.Select(values => (double?)Percentile(values, 50))]);
        _table.Write("Send to listener, p99, ms", [.. latencies.Select(values => (double?)Percentile(values, 99))]);
    }

    private double MeasureReceive()
    {
        int messages = (int)Math.Max(_seconds * _runs * 10, 1);
        double?[] medians =
        [
            .. _subjects.Select(
                subject => subject.MeasureReceive(messages) is { } values ? Median(values) : (double?)null),
        ];
        _table.Write("Send to return of Receive, p50, ms", medians);
        return medians[0]!.Value;
    }

    private double MeasureUnread()
    {
        using BrokerClient publisher = new(new ClientOptions { Host = _broker.Host, Port = _broker.Port });
        Window window = new();
        publisher.Published += _ => window.Leave();
        publisher.Connect(TimeSpan.FromMilliseconds(PatienceMs));
        double?[] growths = [.. _subjects.Select(subject => subject.MeasureUnread(UnreadMessages, topic =>
        {
            for (int i = 0; i < UnreadMessages; i++)
            {
                window.Enter();
                publisher.Publish(topic, Load.Envelope, 1, false);
            }
        }) / 1024.0)];
        _table.Write("heap after 100,000 unread, KB more", growths);
        return growths[0]!.Value;
    }

    private void MeasureWire()
    {
        const string Topic = "sensor/1/temperature";
        const string Text = "{\"msg\":\"17.2\"}";
        using BrokerClient watcher = new(new ClientOptions { Host = _broker.Host, Port = _broker.Port });
        SemaphoreSlim arrived = new(0);
        watcher.MessageReceived += _ => arrived.Release();
        watcher.Connect(TimeSpan.FromMilliseconds(PatienceMs));
        watcher.SubscribeAsync([Topic], 0).Wait(PatienceMs);
        foreach (bool envelope in (bool[])[true, false])
        {
            double?[] bytes = [.. _subjects.Select(subject =>
            {
                using WireTap tap = new(_broker.Port);
                bool isSent = subject.TrySendOne(tap.Port, Topic, Text, envelope, () => arrived.Wait(PatienceMs));
                return isSent ? (double?)tap.PublishBytes : null;
            })];
            _table.Write($"{Text} on the wire, {(envelope ? "envelope" : "raw")}, bytes", bytes);
        }
    }

    private double MeasureAllocations()
    {
        double encode = Allocations.MeasureEncode();
        (double sender, double program) = Allocations.MeasureSend(_library);
        _table.Write("allocated by encoding, bytes", encode);
        _table.Write("allocated by decoding, bytes", Allocations.MeasureDecode());
        _table.Write("allocated by Send, its thread, bytes", sender);
        _table.Write("allocated by Send, all threads, bytes", program);
        _table.Write("allocated by Receive, its thread, bytes", Allocations.MeasureReceive(_library));
        return encode;
    }

    private void WriteGoals(List<double>[][] loads, double receive, double unread, double encode)
    {
        Console.WriteLine();
        for (int qos = 0; qos < loads.Length; qos++)
        {
            foreach ((string name, double[] required) in RequiredRatios)
            {
                int other = Array.FindIndex(_subjects, subject => subject.Name == name);
                if (other >= 0)
                {
                    double[] ratios = Ratios(loads[qos][0], loads[qos][other]);
                    string goal = required[qos].ToString("F1", CultureInfo.InvariantCulture);
                    string what = $"Send, QoS {qos}, envelope: {goal} times {name}";
                    WriteGoal(what, Describe(ratios), Median(ratios) >= required[qos]);
                }
            }
        }

        double limit = (LibrarySubject.MaxBytes + AllowanceBytes) / 1024.0;
        WriteGoal("Receive, p50: under 0.5 ms", Describe([receive]), receive < RequiredReceiveMs);
        WriteGoal(
            $"heap after 100,000 unread: within max_bytes + 64 KB, {limit:F0} KB", Describe([unread]), unread <= limit);
        WriteGoal("allocated by encoding: 0 bytes", Describe([encode]), encode == 0);
        WriteLoadAverage("after");
    }

    // Run by run: what else the machine did during one met both.
    private static double[] Ratios(List<double> ours, List<double> others) =>
        [.. ours.Zip(others, (mine, other) => mine / other)];

    private static string Describe(double[] values) => values.Length == 1
        ? values[0].ToString("F2", CultureInfo.InvariantCulture)
        : string.Create(
        CultureInfo.InvariantCulture, $"{Median(values):F2}, runs {values.Min():F2} to {values.Max():F2}");

    private static void WriteGoal(string goal, string value, bool isMet) =>
        Console.WriteLine($"{(isMet ? "met   " : "missed")} {goal} ({value})");

    private static void WriteLoadAverage(string when)
    {
        if (OperatingSystem.IsLinux())
        {
            Console.WriteLine(
                $"load average {when}: {File.ReadAllText("/proc/loadavg").Split(' ')[0]} (figures of a machine with "
                    + $"other work vary by half)");
        }
    }
}
