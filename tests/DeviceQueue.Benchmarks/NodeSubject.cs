using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Queue;

namespace DeviceQueue.Benchmarks;

/// <summary>
/// pip-services3-mqtt-node: node/bench.js in a process of its own, which takes a command a line and answers each with a
/// line.
/// </summary>
internal sealed class NodeSubject : ISubject
{
    private readonly Process _process;
    private readonly int _port;

    public NodeSubject(int port)
    {
        _port = port;
        NodeFolder.Install();
        _process = NodeFolder.Start("--expose-gc", "bench.js");
        _process.ErrorDataReceived += (_, e) => Console.Error.WriteLine(e.Data);
        _process.BeginErrorReadLine();
    }

    public string Name => "pip-services3-mqtt-node";

    public double MeasureThroughput(int qos, bool envelope, double seconds) =>
        (double)Ask(
            "throughput",
            _port,
            new()
            {
                ["qos"] = qos,
                ["envelope"] = envelope,
                ["ms"] = seconds * 1000,
                ["outstanding"] = Load.Outstanding,
            })!;

    public double[] MeasureListen(int messages) =>
        Ask("listen", _port, new() { ["messages"] = messages, ["warmUp"] = Load.WarmUpMessages })
            .Deserialize<double[]>()!;

    public double[]? MeasureReceive(int messages) =>
        Ask("receive", _port, new() { ["messages"] = messages, ["maxDelayMs"] = Load.MaxReceiveDelayMs })
            .Deserialize<double[]>();

    public long? MeasureUnread(int messages, Action<string> publishTo)
    {
        publishTo((string)Ask("collect", _port, [])!);
        return (long)Ask("collected", _port, new() { ["messages"] = messages })!;
    }

    public bool TrySendOne(int port, string topic, string text, bool envelope, Action waitForArrival)
    {
        Ask("sendOne", port, new() { ["topic"] = topic, ["text"] = text, ["envelope"] = envelope });
        waitForArrival();
        Ask("close", port, []);
        return true;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private JsonNode Ask(string command, int port, JsonObject arguments)
    {
        arguments["command"] = command;
        arguments["port"] = port;
        _process.StandardInput.WriteLine(arguments.ToJsonString());
        string line = _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException("The Node.js program has ended.");
        return JsonNode.Parse(line)!;
    }
}
