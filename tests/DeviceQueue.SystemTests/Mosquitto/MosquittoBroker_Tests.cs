using System.Diagnostics;
using Brokers;
using Mqtt;

namespace DeviceQueue.SystemTests.Mosquitto;

public sealed class MosquittoBroker_Tests
{
    private const string HolderFile = "DEVICEQUEUE_TEST_BROKER_HOLDER";

    [Fact]
    public void Restart_keeps_the_port_and_with_persistence_the_retained_messages()
    {
        using MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions { Persistence = true });
        int port = broker.Port;
        using (Observer before = new(broker))
        {
            before.Publish("kept", "yes", retain: true);
        }

        WaitForSave(broker);
        broker.Restart();

        Assert.Equal(port, broker.Port);
        using Observer after = new(broker, "kept");
        Assert.Equal("yes", after.WaitFor(message => message.Retain).Text);
    }

    [Fact]
    public void A_given_port_that_is_taken_is_an_error_with_the_brokers_own_words()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();

        InvalidOperationException e = Assert.Throws<InvalidOperationException>(
            () => MosquittoBroker.Start(new MosquittoBrokerOptions { Port = broker.Port }));
        Assert.Contains("Address already in use", e.Message);
    }

    [Fact]
    public void A_wrong_line_of_configuration_is_an_error_with_the_brokers_own_words()
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(
            () => MosquittoBroker.Start(new MosquittoBrokerOptions { ExtraLines = ["no_such_option"] }));
        Assert.Contains("no_such_option", e.Message);
    }

    [Fact]
    public void A_frozen_broker_accepts_and_stays_silent_until_thawed()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using BrokerClient client = new(new ClientOptions { Host = broker.Host, Port = broker.Port });

        broker.Freeze();
        Assert.True(client.Open(Patience.Bound).IsAccepted);
        Assert.Equal(ConnectStatus.TimedOut, client.WaitForConnack(TimeSpan.FromMilliseconds(500)).Status);
        broker.Thaw();
        Assert.True(client.WaitForConnack(Patience.Bound).IsAccepted);
    }

    [Fact]
    public void Dispose_ends_the_process_frozen_or_not_and_leaves_no_files()
    {
        MosquittoBroker broker = MosquittoBroker.Start();
        using Process process = Process.GetProcessById(broker.ProcessId);
        broker.Freeze();

        broker.Dispose();

        Assert.True(process.WaitForExit(Patience.Bound));
        Assert.False(Directory.Exists(broker.Folder));
    }

    [Fact]
    public async Task On_Linux_it_dies_with_its_parent_even_by_kill_9()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells a child of its parent's death.");
        string file = Path.Combine(Directory.CreateTempSubdirectory("holder-").FullName, "pid");
        using Process parent = StartHolder(file);
        (int brokerId, string folder) = await ReadHeldBroker(file, parent);
        using Process broker = Process.GetProcessById(brokerId);

        parent.Kill();

        using CancellationTokenSource bound = new(Patience.Bound);
        await broker.WaitForExitAsync(bound.Token);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Not a test: what the parent process of the test above runs until it is killed.</summary>
    [Fact(Explicit = true)]
    public void Hold_a_broker()
    {
        string file = Environment.GetEnvironmentVariable(HolderFile)
            ?? throw new InvalidOperationException($"Set {HolderFile} to the file for the broker's process id.");
        using MosquittoBroker broker = MosquittoBroker.Start();

        // Start came from a thread that ends here: the broker must die with the process and not before.
        File.WriteAllText(file + ".new", $"{broker.ProcessId}\n{broker.Folder}");
        File.Move(file + ".new", file);
        Thread.Sleep(Timeout.Infinite);
    }

    private static Process StartHolder(string file)
    {
        ProcessStartInfo info = new("dotnet")
        {
            ArgumentList =
            {
                typeof(MosquittoBroker_Tests).Assembly.Location,
                "-explicit",
                "only",
                "-method",
                $"{typeof(MosquittoBroker_Tests).FullName}.{nameof(Hold_a_broker)}",
            },
            Environment = { [HolderFile] = file },
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(info)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static async Task<(int ProcessId, string Folder)> ReadHeldBroker(string file, Process parent)
    {
        using FileSystemWatcher watcher = new(Path.GetDirectoryName(file)!);
        TaskCompletionSource appeared = new();
        watcher.Renamed += (_, _) => appeared.TrySetResult();
        watcher.EnableRaisingEvents = true;
        if (!File.Exists(file))
        {
            await Task.WhenAny(appeared.Task, parent.WaitForExitAsync()).WaitAsync(Patience.Bound * 2);
        }

        string[] lines = await File.ReadAllLinesAsync(file);
        return (int.Parse(lines[0]), lines[1]);
    }

    private static void WaitForSave(MosquittoBroker broker)
    {
        string database = Path.Combine(broker.Folder, "mosquitto.db");
        Assert.True(
            SpinWait.SpinUntil(
                () => File.Exists(database) && File.ReadAllText(database).Contains("kept"), Patience.Bound));
    }
}
