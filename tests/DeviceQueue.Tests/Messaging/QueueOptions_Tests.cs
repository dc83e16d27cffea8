using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Messaging;
using DeviceQueue.Tests.Configuration;

namespace DeviceQueue.Tests.Messaging;

public sealed class QueueOptions_Tests
{
    private const string FileNameRule =
        "a file name of at most 30 of a-z 0-9 . _ - is allowed, or none; "
        + "settings,changes,boot,commands,utc,life,sleep,discovery,devicequeue,wipe are the firmware's own";

    private readonly ConfigProblems _problems = new();

    [Fact]
    public void Has_the_defaults_of_the_documentation()
    {
        QueueOptions options = Good(string.Empty);

        Assert.Null(options.ClientId);
        Assert.Equal(
            (true, false, 0, false, true),
            (options.SerializeEnvelope, options.Autosubscribe, options.Qos, options.Retain, options.RetryConnect));
        Assert.Equal(
            (30000, 1000, 3, 60000),
            (options.ConnectTimeoutMs, options.ReconnectTimeoutMs, options.KeepAliveSeconds, options.ReconnectMaxMs));
        Assert.Equal(
            (true, 64, 8192, 1024, OverflowPolicy.Reject, 8),
            (
                options.CleanSession,
                options.MaxMessages,
                options.MaxBytes,
                options.MaxMessageSize,
                options.Overflow,
                options.MaxInflight));
        Assert.Equal((string.Empty, 49152, 1000), (options.Outbox, options.OutboxMaxBytes, options.OutboxFlushMs));
    }

    [Fact]
    public void Takes_every_value_of_a_full_configuration()
    {
        QueueOptions options = Good(
            "client_id=bar1-q;options.serialize_envelope=false;options.autosubscribe=true;options.qos=1;"
            + "options.retain=true;options.retry_connect=false;"
            + "options.connect_timeout=5000;options.reconnect_timeout=500;options.keepalive_timeout=15000;"
            + "options.clean_session=false;options.max_messages=10;"
            + "options.max_bytes=4096;options.max_message_size=4064;options.overflow=coalesce;options.max_inflight=1;"
            + "options.reconnect_max=500;"
            + "options.outbox=out_box-1.dat;options.outbox_max_bytes=8192;options.outbox_flush_ms=100");

        Assert.Equal("bar1-q", options.ClientId);
        Assert.Equal(
            (false, true, 1, true, false),
            (options.SerializeEnvelope, options.Autosubscribe, options.Qos, options.Retain, options.RetryConnect));
        Assert.Equal(
            (5000, 500, 15, 500),
            (options.ConnectTimeoutMs, options.ReconnectTimeoutMs, options.KeepAliveSeconds, options.ReconnectMaxMs));
        Assert.Equal(
            (false, 10, 4096, 4064, OverflowPolicy.Coalesce, 1),
            (
                options.CleanSession,
                options.MaxMessages,
                options.MaxBytes,
                options.MaxMessageSize,
                options.Overflow,
                options.MaxInflight));
        Assert.Equal(("out_box-1.dat", 8192, 100), (options.Outbox, options.OutboxMaxBytes, options.OutboxFlushMs));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1000, 1)]
    [InlineData(1001, 2)]
    [InlineData(65535000, 65535)]
    public void Rounds_the_keepalive_up_to_whole_seconds(int milliseconds, int seconds)
    {
        Assert.Equal(seconds, Good("options.keepalive_timeout=" + milliseconds).KeepAliveSeconds);
    }

    [Theory]
    [InlineData("reject", OverflowPolicy.Reject)]
    [InlineData("drop_oldest", OverflowPolicy.DropOldest)]
    [InlineData("drop_newest", OverflowPolicy.DropNewest)]
    [InlineData("coalesce", OverflowPolicy.Coalesce)]
    public void Names_what_a_full_queue_does(string word, OverflowPolicy policy)
    {
        Assert.Equal(policy, Good("options.overflow=" + word).Overflow);
    }

    [Theory]
    [InlineData("options.qos=3", "options.qos is \"3\": a whole number from 0 to 2 is allowed")]
    [InlineData(
        "options.qos=2;options.clean_session=false",
        "options.qos is \"2\": the client library cannot resume QoS 2; with clean_session false, 0 or 1 is allowed")]
    [InlineData("options.retain=on", "options.retain is \"on\": false or true is allowed")]
    [InlineData(
        "options.keepalive_timeout=0",
        "options.keepalive_timeout is \"0\": a whole number from 1 to 65535000 is allowed")]
    [InlineData(
        "options.keepalive_timeout=65535001",
        "options.keepalive_timeout is \"65535001\": a whole number from 1 to 65535000 is allowed")]
    [InlineData(
        "options.connect_timeout=0", "options.connect_timeout is \"0\": a whole number from 1 to 600000 is allowed")]
    [InlineData(
        "options.reconnect_timeout=0",
        "options.reconnect_timeout is \"0\": a whole number from 1 to 3600000 is allowed")]
    [InlineData(
        "options.reconnect_timeout=2000;options.reconnect_max=1000",
        "options.reconnect_max is \"1000\": at least options.reconnect_timeout, 2000, is needed")]
    [InlineData("options.max_messages=0", "options.max_messages is \"0\": a whole number from 1 to 4096 is allowed")]
    [InlineData(
        "options.max_message_size=0", "options.max_message_size is \"0\": a whole number from 1 to 1048576 is allowed")]
    [InlineData("options.max_bytes=0", "options.max_bytes is \"0\": a whole number from 1 to 1048576 is allowed")]
    [InlineData(
        "options.max_bytes=1000", "options.max_bytes is \"1000\": at least options.max_message_size, 1024, is needed")]
    [InlineData("options.max_inflight=0", "options.max_inflight is \"0\": a whole number from 1 to 64 is allowed")]
    [InlineData(
        "options.overflow=drop",
        "options.overflow is \"drop\": reject, drop_oldest, drop_newest or coalesce is allowed")]
    [InlineData("options.outbox=a/b", "options.outbox is \"a/b\": " + FileNameRule)]
    [InlineData("options.outbox=settings", "options.outbox is \"settings\": " + FileNameRule)]
    [InlineData("options.outbox=commands.0", "options.outbox is \"commands.0\": " + FileNameRule)]
    [InlineData("options.outbox=devicequeue.json", "options.outbox is \"devicequeue.json\": " + FileNameRule)]
    [InlineData("options.outbox=.hidden", "options.outbox is \".hidden\": " + FileNameRule)]
    [InlineData("options.outbox=Outbox", "options.outbox is \"Outbox\": " + FileNameRule)]
    [InlineData(
        "options.outbox=a234567890123456789012345678901",
        "options.outbox is \"a234567890123456789012345678901\": " + FileNameRule)]
    [InlineData(
        "options.outbox=o;options.max_bytes=8192;options.max_message_size=4065",
        "options.max_message_size is \"4065\": with options.outbox, at most 4064 is allowed")]
    [InlineData(
        "options.outbox_max_bytes=65537",
        "options.outbox_max_bytes is \"65537\": a whole number from 8192 to 65536 is allowed")]
    [InlineData(
        "options.outbox_flush_ms=-1", "options.outbox_flush_ms is \"-1\": a whole number from 0 to 60000 is allowed")]
    [InlineData("client_id=", "client_id is \"\": 1 to 64 characters are allowed")]
    public void Refuses_a_bad_value_and_names_it(string line, string error)
    {
        Assert.Null(QueueConfig.ReadOptions(ConfigParams.FromString(line), _problems));
        Assert.Equal(error, Assert.Single(_problems.Errors()));
    }

    private QueueOptions Good(string line)
    {
        var options = QueueConfig.ReadOptions(ConfigParams.FromString(line), _problems);
        Assert.Empty(_problems.Errors());
        return options;
    }
}
