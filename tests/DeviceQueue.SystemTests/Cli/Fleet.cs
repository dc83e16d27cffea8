using System.Text.Json.Nodes;
using Brokers;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>A fleet's folder of a test's own, and the command that works on it.</summary>
public sealed class Fleet : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("dq-fleet-").FullName;

    // With a space in it, as folders of users have.
    public Fleet() => Folder = Path.Combine(_parent, "my fleet");

    /// <summary>Gets the folder, which is not there before the first command.</summary>
    public string Folder { get; }

    public int DevicesPort { get; } = MosquittoBroker.FindFreePort();

    public int OperatorsPort { get; } = MosquittoBroker.FindFreePort();

    public string Broker => $"mqtts://127.0.0.1:{DevicesPort}";

    /// <summary>Runs a command on the folder, here in this process.</summary>
    public Outcome Run(params string[] arguments) => RunIn(Folder, arguments);

    public Outcome RunIn(string folder, params string[] arguments) => RunBare([.. arguments, "--out", folder]);

    /// <summary>Runs a command as it is.</summary>
    public static Outcome RunBare(params string[] arguments)
    {
        StringWriter output = new();
        StringWriter error = new();
        int exitCode = global::DeviceQueue.Cli.Commands.Run(arguments, output, error).GetAwaiter().GetResult();
        return new Outcome(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command that has to succeed.</summary>
    public string Do(params string[] arguments)
    {
        Outcome outcome = Run(arguments);
        Assert.True(outcome.ExitCode == 0, outcome.Error + outcome.Output);
        return outcome.Output;
    }

    public string AddDevice(string id, params string[] more) =>
        Do(["provision", "--id", id, "--broker", Broker, .. more]);

    public string AddOperator(string name) =>
        Do("operator", "--name", name, "--broker", $"mqtts://127.0.0.1:{OperatorsPort}");

    /// <summary>Gets the file with the passwords at the devices' port.</summary>
    public string DevicesPasswords => PathOf("broker", $"{DevicesPort}.passwords");

    public string PathOf(params string[] parts) => Path.Combine([Folder, .. parts]);

    public string Read(params string[] parts) => File.ReadAllText(PathOf(parts));

    public JsonNode Settings(string id) => JsonNode.Parse(Read("devices", id, "devicequeue.json"))!;

    public string Password(string id) => Settings(id)["credential"]!["password"]!.ToString();

    public string WriteFile(string name, byte[] content)
    {
        string path = Path.Combine(_parent, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Writes a file beside the folder and gives its path.</summary>
    public string WriteFile(string name, string text)
    {
        string path = Path.Combine(_parent, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Gives the content of all files by their paths, but for the lock, which has none.</summary>
    public Dictionary<string, string> Snapshot() => Directory.Exists(Folder)
        ? Directory.GetFiles(Folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != ".lock")
            .ToDictionary(
                file => Path.GetRelativePath(Folder, file), file => Convert.ToHexString(File.ReadAllBytes(file)))
        : [];

    public MosquittoBroker StartBroker() =>
        MosquittoBroker.Start(
            new MosquittoBrokerOptions { ConfigurationFile = PathOf("broker", "mosquitto.conf"), Port = DevicesPort });

    public void Dispose() => Directory.Delete(_parent, recursive: true);
}

public sealed record Outcome(int ExitCode, string Output, string Error);
