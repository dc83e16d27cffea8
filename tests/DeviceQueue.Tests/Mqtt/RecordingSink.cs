using System.Text;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Tests.Mqtt;

/// <summary>Takes messages and keeps them; throws when it is told to.</summary>
internal sealed class RecordingSink(string filter) : IMessageSink
{
    public string Filter => filter;

    public string Topic => filter;

    public int FilterQos => 1;

    public bool Throws { get; set; }

    public List<string> Taken { get; } = [];

    public void OnMessage(string topic, byte[] payload, bool isRetained)
    {
        Taken.Add(topic + " " + Encoding.UTF8.GetString(payload));
        if (Throws)
        {
            throw new InvalidOperationException("sink");
        }
    }

    public long Deliver(long nowMs) => long.MaxValue;
}
