using System.Collections.Concurrent;
using System.Text;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Connecting;
using DeviceQueue.Desktop;
using Mosquitto;

namespace DeviceQueue.Cli.Operating;

/// <summary>
/// Says offline for a device that the broker has thrown out: Mosquitto publishes no last will for a client that has lost its rights, so its status would say online for ever.
/// </summary>
internal static class Farewell
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Says it, and for a device that does not come back takes all that the broker keeps of it. Gives null when that is done, else why not.</summary>
    public static string? TrySay(FleetFolder fleet, string? operatorName, string id, bool isForEver)
    {
        try
        {
            return Say(OperatorClient.Options(fleet, fleet.FindOperator(operatorName)), id, isForEver);
        }
        catch (Exception e) when (e is UserException or MosquittoException or DllNotFoundException or TimeoutException)
        {
            return e.Message;
        }
    }

    private static string? Say(MosquittoOptions options, string id, bool isForEver)
    {
        using MosquittoClient client = new(options);
        ConcurrentQueue<MosquittoMessage> heard = [];
        using SemaphoreSlim isHeard = new(0);
        client.MessageReceived += message =>
        {
            heard.Enqueue(message);
            isHeard.Release();
        };
        ConnectResult connected = client.Connect(OperatorClient.ConnectTimeout);
        if (!connected.IsAccepted)
        {
            return OperatorClient.Describe(options, connected);
        }

        Publish(client, new DeviceTopics(id).Status, Encoding.ASCII.GetBytes(DeviceTopics.Offline), retain: !isForEver);
        if (isForEver)
        {
            foreach (string topic in FindRetained(client, id, heard, isHeard))
            {
                Publish(client, topic, [], retain: true);
            }
        }

        client.Disconnect(Timeout);
        return null;
    }

    private static List<string> FindRetained(MosquittoClient client, string id, ConcurrentQueue<MosquittoMessage> heard, SemaphoreSlim isHeard)
    {
        // What is retained comes before what is published later: when this comes back, all of it is here.
        string marker = $"devicequeue/marker/{Guid.NewGuid():N}";
        client.SubscribeAsync([$"sensor/{id}/#", $"homeassistant/device/{id}/config", marker], 1).Wait(Timeout);
        Publish(client, marker, [], retain: false);
        List<string> found = [];
        while (true)
        {
            if (!isHeard.Wait(Timeout))
            {
                throw new TimeoutException("the broker does not answer");
            }

            if (heard.TryDequeue(out MosquittoMessage? message) && message.Topic == marker)
            {
                return found;
            }

            if (message!.Retain)
            {
                found.Add(message.Topic);
            }
        }
    }

    private static void Publish(MosquittoClient client, string topic, byte[] payload, bool retain)
    {
        if (!client.PublishAsync(topic, payload, 1, retain).WaitAsync(Timeout).GetAwaiter().GetResult())
        {
            throw new TimeoutException("the broker closed the connection");
        }
    }
}
