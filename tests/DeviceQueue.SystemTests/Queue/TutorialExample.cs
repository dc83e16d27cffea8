using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>
/// The tutorial's closing example, which is the sample in firmware/DeviceQueue/README.md too; a test holds both
/// together.
/// </summary>
internal static class TutorialExample
{
    public static void Run(string host, string port, TextWriter output)
    {
        // sample
        MqttPlatform desktop = new MqttPlatform
        {
            DeviceId = "desk-1",
            Clock = new DesktopClock(),
            Random = new DesktopRandom(),
            Links = new DesktopLinkFactory(),
        };

        MqttMessageQueue queue = new MqttMessageQueue("myqueue");
        queue.Configure(ConfigParams.FromTuples(
            "topic", "mytopic",
            "connection.protocol", "mqtt",
            "connection.host", host,
            "connection.port", port,
            "options.qos", "1",
            "options.autosubscribe", "true"));
        queue.SetReferences(References.FromTuples(Locators.Platform, desktop));
        queue.Open("123");

        queue.Send("123", new MessageEnvelope("123", "mymessage", "ABC123"));
        MessageEnvelope message = queue.Receive("123", 10000);
        output.WriteLine(message.MessageType + " on " + message.Topic + ": " + message.GetMessageAsString());

        queue.Close("123");
        // end of sample
    }
}
