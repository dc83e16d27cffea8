using System.Collections.Concurrent;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Connecting;
using DeviceQueue.Desktop;
using Mosquitto;

namespace DeviceQueue.Cli.Operating;

/// <summary>
/// Says for a revoked device that it is offline, and takes what the broker keeps of it: Mosquitto publishes no last will for a client that has lost its rights, so its
/// status would say online for ever.
/// </summary>
internal static class RetainedSweep
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Gives null when all is cleared, else why not.</summary>
    public static string? TryRun(FleetFolder fleet, string? operatorName, string id)
    {
        try
        {
            MosquittoOptions options = OperatorClient.Options(fleet, fleet.FindOperator(operatorName));
            return Run(options, id);
        }
        catch (Exception e) when (e is UserException or MosquittoException or DllNotFoundException or TimeoutException)
        {
            return e.Message;
        }
    }

    private static string? Run(MosquittoOptions options, string id)
    {
        DeviceTopics topics = new(id);
        string discovery = $"homeassistant/device/{id}/config";

        // What is retained comes before what is published later: when this comes back, all of it is here.
        string marker = $"devicequeue/sweep/{Guid.NewGuid():N}";
        ConcurrentBag<string> retained = [];
        using ManualResetEventSlim complete = new();
        using MosquittoClient client = new(options);
        client.MessageReceived += message =>
        {
            if (message.Topic == marker)
            {
                complete.Set();
            }
            else if (message.Retain)
            {
                retained.Add(message.Topic);
            }
        };
        ConnectResult connected = client.Connect(OperatorClient.ConnectTimeout);
        if (!connected.IsAccepted)
        {
            return OperatorClient.Describe(options, connected);
        }

        client.SubscribeAsync([$"sensor/{id}/#", discovery, marker], 1).Wait(Timeout);
        Publish(client, marker, [], retain: false);
        if (!complete.Wait(Timeout))
        {
            throw new TimeoutException("the broker does not answer");
        }

        Publish(client, topics.Status, System.Text.Encoding.ASCII.GetBytes(DeviceTopics.Offline), retain: false);
        foreach (string topic in retained)
        {
            Publish(client, topic, [], retain: true);
        }

        client.Disconnect(Timeout);
        return null;
    }

    private static void Publish(MosquittoClient client, string topic, byte[] payload, bool retain)
    {
        if (!client.PublishAsync(topic, payload, 1, retain).WaitAsync(Timeout).GetAwaiter().GetResult())
        {
            throw new TimeoutException("the broker closed the connection");
        }
    }
}
