using System.Collections.Concurrent;
using System.Text;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Desktop;
using DeviceQueue.Mqtt;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>
/// Publishes offline for a device that the broker has disconnected: Mosquitto publishes no last will for a client that
/// has lost its rights, so its status would stay online.
/// </summary>
internal static class OfflineStatus
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Publishes it as an operator, anyone if none is named, and takes all that the broker keeps of a device that does
    /// not come back. Gives null when that is done, else why not.
    /// </summary>
    public static string? TryPublish(string path, string? operatorName, Member device, bool isForEver)
    {
        try
        {
            // Read again, because another run may have changed the operator since.
            FleetFolder fleet = FleetFolder.Open(path);
            string? anyone = operatorName ?? fleet.Operators.Keys.Order(StringComparer.Ordinal).FirstOrDefault();
            ClientOptions options = BrokerAccess.OfFleet(fleet, anyone).Client;
            string? trouble = isForEver || device.HasCertificate ? TakeConnection(options, device.Name) : null;
            return trouble ?? Say(options, device.Name, isForEver);
        }
        catch (Exception e) when (e is UserException or NotSentException or IOException or TimeoutException)
        {
            return e.Message;
        }
    }

    // Under the device's client id: SIGHUP ends no connection that was opened by a certificate, and a session that the
    // broker keeps for the device goes with this one.
    private static string? TakeConnection(ClientOptions options, string id)
    {
        using BrokerClient client = new(options with { ClientId = id, CleanSession = true });
        ConnectResult connected = client.Connect(Timeout);
        client.Disconnect(Timeout);
        return connected.IsAccepted ? null : BrokerAccess.Describe(options, connected);
    }

    private static string? Say(ClientOptions options, string id, bool isForEver)
    {
        using BrokerClient client = new(options);
        ConcurrentQueue<ReceivedMessage> heard = [];
        using SemaphoreSlim isHeard = new(0);
        client.MessageReceived += message =>
        {
            heard.Enqueue(message);
            isHeard.Release();
        };
        ConnectResult connected = client.Connect(Timeout);
        if (!connected.IsAccepted)
        {
            return BrokerAccess.Describe(options, connected);
        }

        byte[] offline = Encoding.ASCII.GetBytes(DeviceTopics.Offline);
        Publish(client, new DeviceTopics(id).Status, offline, retain: !isForEver);
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

    private static List<string> FindRetained(
        BrokerClient client, string id, ConcurrentQueue<ReceivedMessage> heard, SemaphoreSlim isHeard)
    {
        // What is retained comes before what is published later: when this comes back, all of it is here.
        string marker = $"devicequeue/marker/{Guid.NewGuid():N}";
        string[] filters =
        [
            $"sensor/{id}/#",
            $"homeassistant/device/{id}/config",
            $"homeassistant/sensor/{id}/+/config",
            marker,
        ];
        client.SubscribeAsync(filters, 1).Wait(Timeout);
        Publish(client, marker, [], retain: false);
        List<string> found = [];
        while (true)
        {
            if (!isHeard.Wait(Timeout))
            {
                throw new TimeoutException("the broker does not answer");
            }

            if (heard.TryDequeue(out ReceivedMessage? message) && message.Topic == marker)
            {
                return found;
            }

            if (message!.Retain)
            {
                found.Add(message.Topic);
            }
        }
    }

    private static void Publish(BrokerClient client, string topic, byte[] payload, bool retain)
    {
        if (!client.PublishAsync(topic, payload, 1, retain).WaitAsync(Timeout).GetAwaiter().GetResult())
        {
            throw new TimeoutException("the broker closed the connection");
        }
    }
}
