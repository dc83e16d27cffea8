using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Cli.Simulating;

/// <summary>The readings that wait in the flash of a board without power.</summary>
internal static class OutboxFile
{
    private const string Name = "outbox";

    /// <summary>Gives their numbers; read from a copy, because reading repairs what a power cut has torn.</summary>
    public static IReadOnlyList<long> Read(string storage)
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("dq-outbox-");
        try
        {
            foreach (string file in Directory.GetFiles(storage, $"{Name}.*"))
            {
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            }

            ConfigParams config =
                ConfigParams.FromString($"options.qos=1;options.outbox={Name};options.max_bytes=4000");
            using AutoResetEvent wake = new(false);
            QueueOptions options = QueueConfig.ReadOptions(config, new ConfigProblems());
            Outbox outbox = new(options, wake, new DesktopStore(copy.FullName));
            PublishRequest request = new();
            List<long> numbers = [];
            while (outbox.TryTake(1000, request))
            {
                numbers.Add(JsonNode.Parse(Encoding.UTF8.GetString(request.Payload))!["seq"]!.GetValue<long>());
                outbox.OnHandedOver(numbers.Count);
                outbox.OnPublished(numbers.Count, true, 1000);
            }

            return numbers;
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }
}
