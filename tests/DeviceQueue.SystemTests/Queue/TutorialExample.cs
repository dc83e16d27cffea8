using DeviceQueue.Components;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>
/// The tutorial's closing example: with its usings it is the sample in firmware/DeviceQueue/README.md, and a test keeps
/// both the same.
/// </summary>
internal sealed class TutorialExample(TextWriter console)
{
    // The sample writes to System.Console.
    private TextWriter Console => console;

    public void Run(string[] args)
    {
        // sample
        string host = args.Length > 0 ? args[0] : "localhost";
        string port = args.Length > 1 ? args[1] : "1883";
        MqttPlatform desktop = new MqttPlatform
        {
            DeviceId = "desk-1",
            Clock = new DesktopClock(),
            Random = new DesktopRandom(),
            Links = new DesktopLinkFactory(),
        };

        MqttQueueComponent queue = new MqttQueueComponent("myqueue");
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
        Console.WriteLine(message.MessageType + " on " + message.Topic + ": " + message.GetMessageAsString());

        queue.Close("123");
        // end of sample
    }
}
