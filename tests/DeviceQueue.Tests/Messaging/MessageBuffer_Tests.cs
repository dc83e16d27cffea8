using System.Text;
using DeviceQueue.Messaging;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Messaging;

public sealed class MessageBuffer_Tests
{
    private const int MaxMessages = 7;
    private const int MaxBytes = 96;

    [Fact]
    public void Holds_what_a_plain_list_would_hold_and_never_exceeds_its_limits()
    {
        var step = from kind in Gen.Elements("add", "add", "remove")
                   from number in Gen.Choose(0, 60)
                   select (kind, number);

        Fuzz.ForAll(step.ListOf(), steps =>
        {
            var buffer = new MessageBuffer(MaxMessages, MaxBytes);
            var model = new List<(string Topic, byte[] Payload, byte Flags)>();
            int serial = 0;
            foreach (var (kind, number) in steps)
            {
                if (kind != "remove")
                {
                    Add(buffer, model, number, serial++);
                }
                else if (model.Count > 0)
                {
                    buffer.RemoveAt(number % model.Count);
                    model.RemoveAt(number % model.Count);
                }

                AssertSame(model, buffer);
            }
        });
    }

    [Theory]
    [InlineData("a", 1)]
    [InlineData("ü", 2)]
    [InlineData("€", 3)]
    [InlineData("😀", 4)]
    public void Counts_a_topic_in_bytes_of_utf8(string topic, int bytes)
    {
        Assert.Equal(bytes + 5, MessageBuffer.SizeOf(topic, 5));
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        var buffer = new MessageBuffer(2, 20);

        Assert.False(buffer.HasRoom(21));
        Assert.Throws<InvalidOperationException>(() => buffer.Add("t", new byte[20], 0, 20, 0));
        Assert.Equal(0, buffer.Count);
    }

    private static void Add(
        MessageBuffer buffer, List<(string Topic, byte[] Payload, byte Flags)> model, int length, int serial)
    {
        string topic = "t" + serial;
        byte[] source = Encoding.ASCII.GetBytes("--" + new string((char)('a' + (serial % 26)), length));
        bool hasRoom = model.Count < MaxMessages
            && model.Sum(m => m.Topic.Length + m.Payload.Length) + topic.Length + length <= MaxBytes;
        Assert.Equal(hasRoom, buffer.HasRoom(MessageBuffer.SizeOf(topic, length)));
        if (hasRoom)
        {
            byte flags = (byte)(serial % 8);
            buffer.Add(topic, source, 2, length, flags);
            model.Add((topic, source[2..], flags));
        }
    }

    private static void AssertSame(List<(string Topic, byte[] Payload, byte Flags)> model, MessageBuffer buffer)
    {
        Assert.Equal(model.Count, buffer.Count);
        Assert.Equal(model.Sum(m => m.Topic.Length + m.Payload.Length), buffer.Bytes);
        Assert.True(buffer.Count <= MaxMessages && buffer.Bytes <= MaxBytes);
        for (int i = 0; i < model.Count; i++)
        {
            Assert.Equal(model[i].Topic, buffer.GetTopic(i, i > 0 ? model[i - 1].Topic : null));
            Assert.Equal(model[i].Payload, buffer.CopyPayload(i));
            Assert.Equal(model[i].Flags, buffer.GetFlags(i));
        }
    }
}
