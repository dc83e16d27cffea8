using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Messaging;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Mqtt;

public sealed class MqttConnection_Tests
{
    private const string Status = "sensor/bar1/status";
    private const int DayMs = 24 * 3600 * 1000;

    [Fact]
    public void Waits_longer_after_each_failure_and_never_longer_than_reconnect_max()
    {
        var world = new World("options.reconnect_timeout=1000;options.reconnect_max=60000");
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.RunFor(3600000);

        long[] waits = Waits(world);
        Assert.All(waits, wait => Assert.InRange(wait, 0, 60000));
        Assert.All(waits.Take(5).Index(), wait => Assert.InRange(wait.Item, 0, 1000L << wait.Index));
        Assert.InRange(waits.Average(), 20000, 40000);
        Assert.All(world.Broker.Links, link => Assert.True(link.IsClosed));
        Assert.Contains("no connection to broker:1883: TCP: connection refused", world.Connection.LastError);
    }

    [Fact]
    public void Does_not_hammer_a_broker_that_accepts_and_drops()
    {
        var world = new World();
        world.Connection.Open();
        for (int i = 0; i < 300; i++)
        {
            world.RunFor(1000);
            world.Broker.Drop();
        }

        Assert.InRange(world.Broker.Attempts.Count, 5, 40);
    }

    [Fact]
    public void Comes_back_fast_after_a_link_that_held_for_30_seconds()
    {
        var world = new World("options.reconnect_timeout=1000");
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.RunFor(600000);
        world.Broker.IsUp = true;
        world.RunFor(60000, () => world.Connection.IsConnected);
        world.RunFor(30000);
        world.Broker.Drop();

        world.RunFor(1100, () => world.Connection.IsConnected);
    }

    [Fact]
    public void Tries_every_endpoint_in_turn()
    {
        var world = new World("", "a", "b", "c");
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.RunFor(600000);

        Assert.Equal(["a", "b", "c", "a", "b", "c"], world.Broker.Attempts.Take(6).Select(attempt => attempt.Host));
    }

    [Fact]
    public void Returns_to_the_first_endpoint_after_a_link_that_held_and_goes_on_after_one_that_fell_silent()
    {
        var world = new World("", "a", "b");
        world.Broker.Connack = options => options.Host == "a"
            ? new MqttLinkResult(MqttLinkError.Refused, 3, null)
            : null;
        world.Connection.Open();
        world.RunFor(60000);
        world.Broker.Drop();
        world.RunFor(60000);
        Assert.Equal(["a", "b", "a", "b"], world.Broker.Attempts.Select(attempt => attempt.Host));

        world.Broker.Connack = null;
        world.Broker.Drop();
        world.RunFor(10000, () => world.Broker.Attempts.Count == 5);
        Assert.Equal("a", world.Broker.Link.Options!.Host);
        world.RunFor(60000);
        world.Broker.IsBlackHole = true;
        World.Send(world.Queue("t"), "0");
        world.RunFor(60000, () => world.Broker.Attempts.Count == 6);
        Assert.Equal("b", world.Broker.Attempts[^1].Host);
    }

    [Fact]
    public void Closes_a_link_whose_open_fails_and_uses_a_fresh_one_each_time()
    {
        var world = new World();
        world.Broker.Connack = _ => new MqttLinkResult(MqttLinkError.Refused, 5, null);
        world.Connection.Open();
        world.RunFor(60000);

        Assert.All(world.Broker.Links, link => Assert.True(link.IsClosed));
        Assert.Equal(world.Broker.Links.Count, world.Broker.Attempts.Count);
        Assert.Contains("CONNACK 5 (not authorized)", world.Connection.LastError);
    }

    [Fact]
    public void Does_not_reconnect_when_retry_connect_is_off()
    {
        var world = new World("options.retry_connect=false");
        world.Open();
        world.Broker.Drop();
        world.RunFor(600000);

        Assert.False(world.Connection.IsOpen);
        Assert.Single(world.Broker.Attempts);
        world.Open();
        Assert.Equal(2, world.Broker.Attempts.Count);
    }

    [Fact]
    public void Says_birth_only_after_suback()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        world.Connection.Attach(new RecordingSink("command"));
        world.Broker.SubackMs = 2000;
        world.Connection.Open();
        world.RunFor(1900);
        Assert.Null(world.Broker.Retained(Status));
        Assert.False(world.Connection.IsConnected);

        world.RunFor(200);
        Assert.Equal("online", world.Broker.Retained(Status));
        Assert.True(world.Connection.IsConnected);
    }

    [Fact]
    public void Reconnects_when_suback_does_not_come()
    {
        var world = new World();
        world.Connection.Attach(new RecordingSink("command"));
        world.Broker.SubackMs = null;
        world.Connection.Open();
        world.RunFor(20000);
        Assert.Contains("no SUBACK for command", world.Connection.LastError);

        world.Broker.SubackMs = 20;
        world.RunFor(60000, () => world.Connection.IsConnected);
        Assert.True(world.Broker.Attempts.Count > 1);
    }

    [Fact]
    public void Sends_readings_though_suback_never_comes()
    {
        var world = new World("options.overflow=drop_oldest");
        MqttMessageQueue readings = world.Queue("t");
        world.Connection.Attach(new RecordingSink("command"));
        world.Broker.SubackMs = null;
        world.Connection.Open();
        world.SendEach(readings, 60000, 60);
        world.RunFor(3700000);

        Assert.Equal(Texts(60), world.Broker.Seen("t"));
        Assert.Equal(0, readings.Outbox.Count);
    }

    [Fact]
    public void Says_that_a_subscription_was_refused_and_goes_on()
    {
        var world = new World();
        MqttMessageQueue readings = world.Queue("t");
        world.Connection.Attach(new RecordingSink("command"));
        world.Broker.RefusesSubscriptions = true;
        world.Open();
        World.Send(readings, "0");
        world.RunFor(600000);

        Assert.Contains("subscription to command refused by the broker", world.Log.Errors);
        Assert.Equal(["0"], world.Broker.Seen("t"));
        Assert.Single(world.Broker.Attempts);
    }

    [Fact]
    public void Publishes_birth_and_the_newest_retained_values_after_each_connect()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        int output = world.Connection.LatestValues.Add("output", true);
        int health = world.Connection.LatestValues.Add("health", false);
        world.Connection.LatestValues.Set(world.Connection.LatestValues.Add("config", true), World.Utf8("{c}"));
        world.Connection.LatestValues.Set(output, World.Utf8("OFF"));
        world.Open();
        world.Connection.LatestValues.Set(health, World.Utf8("{}"));
        world.RunFor(1000);
        world.Broker.Drop();
        world.Connection.LatestValues.Set(output, World.Utf8("ON"));
        world.Connection.LatestValues.Set(output, World.Utf8("OFF"));
        world.Connection.LatestValues.Set(output, World.Utf8("ON"));
        world.RunFor(60000);

        Assert.Equal(
            ["online", "OFF", "{c}", "{}", "online", "ON", "{c}"],
            world.Broker.Arrivals.Select(arrival => arrival.Text));
        Assert.Equal(
            [true, true, true, false, true, true, true], world.Broker.Arrivals.Select(arrival => arrival.Retain));
    }

    [Fact]
    public void Leaves_the_newest_value_with_the_broker_however_fast_it_changed()
    {
        var world = new World();
        int output = world.Connection.LatestValues.Add("output", true);
        world.Open();
        for (int i = 0; i < 1000; i++)
        {
            world.Connection.LatestValues.Set(output, World.Utf8(i.ToString()));
            world.RunFor(i % 7);
        }

        world.RunFor(10000);
        Assert.Equal("999", world.Broker.Retained("output"));
        Assert.True(world.Connection.LatestValues.IsSettled(output));
    }

    [Fact]
    public void Reconnects_after_three_unanswered_messages_in_a_row_with_no_answer_to_probes()
    {
        var world = new World("options.keepalive_timeout=600000");
        world.Broker.AnswersProbes = false;
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.PubackMs = null;
        for (int i = 0; i < 3; i++)
        {
            Assert.Single(world.Broker.Attempts);
            World.Send(queue, i.ToString());
            world.RunFor(3100);
        }

        Assert.Contains("3 times in a row nothing was acknowledged", world.Connection.LastError);
    }

    [Fact]
    public void Takes_a_stall_of_4_seconds_for_no_more_than_that_though_many_were_in_flight()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.PubackMs = 4000;
        world.SendEach(queue, 0, 8);
        world.RunFor(3500);
        world.Broker.PubackMs = 20;
        world.RunFor(60000);

        Assert.Single(world.Broker.Attempts);
        Assert.Equal(0, queue.Outbox.Count);
    }

    [Fact]
    public void Reconnects_when_nothing_is_heard_for_one_and_a_half_keepalives_while_something_is_outstanding()
    {
        var world = new World("options.keepalive_timeout=15000");
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.IsBlackHole = true;
        World.Send(queue, "0");
        world.RunFor(22400);
        Assert.Null(world.Connection.LastError);

        world.RunFor(200);
        Assert.Contains("no answer for 22500 ms", world.Connection.LastError);
    }

    [Fact]
    public void Notices_a_dead_link_though_it_publishes_at_qos_0_only()
    {
        var world = new World("options.qos=0");
        world.Connection.SetStatus(Status, "online", "offline");
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.SendEach(queue, 60000, 20);
        world.RunFor(600000);
        Assert.Single(world.Broker.Attempts);

        world.Broker.IsBlackHole = true;
        world.RunFor(180000);
        Assert.Contains("no answer for", world.Connection.LastError);
    }

    [Fact]
    public void Never_ends_an_idle_link()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        world.Connection.Attach(new RecordingSink("command"));
        world.Open();
        world.Broker.IsBlackHole = true;
        world.RunFor(DayMs);

        Assert.Single(world.Broker.Attempts);
        Assert.Null(world.Connection.LastError);
    }

    [Fact]
    public void Notices_by_itself_that_the_client_library_lost_the_link()
    {
        var world = new World();
        world.Open();
        world.Broker.Link.Close(false); // without an event
        world.RunFor(10000, () => world.Connection.Connects == 2);
    }

    [Fact]
    public void Sends_everything_unacknowledged_again_first_and_in_order_after_a_lost_link()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.PubackMs = null;
        world.SendEach(queue, 0, 12);
        world.RunFor(500);
        Assert.Equal(Texts(8), OnLink(world, 0));
        world.Broker.Drop();
        world.Broker.PubackMs = 20;
        World.Send(queue, "12");
        world.RunFor(60000);

        Assert.Equal(Texts(13), OnLink(world, 1));
        Assert.Equal(0, queue.Outbox.Count);
    }

    [Fact]
    public void Never_awaits_more_answers_than_the_link_has_places_for_however_late_they_come()
    {
        var world = new World("options.max_inflight=64;options.max_messages=200");
        world.Connection.SetStatus(Status, "online", "offline");
        MqttMessageQueue[] queues = [.. Enumerable.Range(0, 6).Select(i => world.Queue("t" + i))];
        Array.ForEach(queues, queue => world.SendEach(queue, 1, 200));
        world.RunFor(1000);
        world.Broker.PubackMs = 1500;
        world.Connection.Open();
        world.RunFor(200000);

        Assert.All(queues, queue => Assert.Equal(Texts(200), world.Broker.Seen(queue.Name)));
        Assert.Equal(1200, world.Broker.Arrivals.Count(arrival => arrival.Topic != Status && !arrival.IsRepeat));
        Assert.Single(world.Broker.Links);
    }

    [Fact]
    public void Subscribes_before_it_publishes_what_was_sent_after()
    {
        var world = new World();
        MqttMessageQueue other = world.Queue("other");
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        var asked = new List<bool>();
        world.Broker.Publishing = (link, topic) =>
        {
            if (topic == "other")
            {
                queue.Subscribe(null);
                World.Send(queue, "0");
            }
            else
            {
                asked.Add(link.Filters.Contains("t"));
            }
        };
        World.Send(other, "0");
        world.RunFor(1000);

        Assert.Equal([true], asked);
    }

    [Fact]
    public void Loses_nothing_when_the_link_goes_down_in_the_middle_of_a_publish()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.Publishing = (link, _) =>
        {
            if (world.Random.Next(5) == 0)
            {
                link.Drop();
            }
        };
        world.SendEach(queue, 10, 40);
        world.RunFor(3600000);

        Assert.Equal(Texts(40), world.Broker.Seen("t"));
        Assert.Equal(0, queue.Outbox.Count);
    }

    [Fact]
    public void A_message_that_the_client_library_refuses_holds_up_no_other()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.Refuses = topic => topic == "poison";
        queue.Send(null, new MessageEnvelope(null, null, "x") { Topic = "poison" });
        world.SendEach(queue, 1000, 60);
        world.RunFor(120000);

        Assert.Equal(Texts(60), world.Broker.Seen("t"));
        Assert.Equal(1, queue.Outbox.Count);
    }

    [Fact]
    public void A_message_that_ends_every_link_holds_up_no_other_for_ever()
    {
        var world = new World("options.max_inflight=1");
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.Publishing = (link, topic) =>
        {
            if (topic == "poison")
            {
                world.At(world.Clock.NowMs + 5, link.Drop);
            }
        };
        queue.Send(null, new MessageEnvelope(null, null, "x") { Topic = "poison" });
        world.SendEach(queue, 1000, 30);
        world.RunFor(900000);

        Assert.Equal(Texts(30), world.Broker.Seen("t"));
        Assert.Equal(1, queue.Outbox.Count);
        Assert.InRange(world.Connection.Connects, 5, 10); // it is tried again, ever more seldom
    }

    [Fact]
    public void Says_its_last_will_before_a_clean_disconnect_and_waits_only_until_it_is_acknowledged()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        world.Open();
        world.Connection.BeginClose();
        world.RunFor(25);

        Assert.Equal("offline", world.Broker.Retained(Status));
        Assert.False(world.Connection.IsOpen);
        Assert.True(world.Broker.Link.IsClosed);
    }

    [Fact]
    public void Waits_at_most_2_seconds_for_the_acknowledgement_of_its_last_will()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        world.Open();
        world.Broker.PubackMs = null;
        world.Connection.BeginClose();
        world.RunFor(1990);
        Assert.True(world.Connection.IsOpen);

        world.RunFor(10, () => !world.Connection.IsOpen);
        Assert.True(world.Broker.Link.IsClosed);
    }

    [Fact]
    public void A_link_is_ended_with_DISCONNECT_only_when_the_broker_has_the_last_will()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        world.Open();
        world.Connection.BeginClose();
        world.RunFor(1000);
        Assert.True(world.Broker.Link.IsClosedCleanly);

        world.Open();
        world.Broker.PubackMs = null;
        world.Connection.BeginClose();
        world.RunFor(MqttConnection.CloseTimeoutMs + 1000);
        Assert.Equal((true, false), (world.Broker.Link.IsClosed, world.Broker.Link.IsClosedCleanly));
    }

    [Fact]
    public void A_link_that_is_given_up_leaves_the_last_will_to_the_broker()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.IsBlackHole = true;
        World.Send(queue, "0");
        world.RunFor(60000, () => world.Connection.LastError != null);

        Assert.Equal((true, false), (world.Broker.Links[0].IsClosed, world.Broker.Links[0].IsClosedCleanly));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_open_that_comes_while_the_link_is_being_closed_stands(bool isLinkUp)
    {
        var world = new World();
        if (isLinkUp)
        {
            world.Open();
            world.Broker.Closing = world.Connection.Open; // another thread, just then
        }
        else
        {
            world.Broker.Connack = _ => new MqttLinkResult(MqttLinkError.Tcp, 0, null);
            world.Connection.Open();
            world.RunFor(0);
        }

        world.Connection.BeginClose();
        if (!isLinkUp)
        {
            world.Connection.Open();
            world.Broker.Connack = null;
        }

        world.RunFor(60000, () => world.Connection.IsConnected);
        Assert.True(world.Connection.IsOpen);
    }

    [Fact]
    public void Closes_at_once_when_there_is_no_link()
    {
        var world = new World();
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.RunFor(100000);
        world.Connection.BeginClose();
        world.RunFor(0);

        Assert.False(world.Connection.IsOpen);
        int attempts = world.Broker.Attempts.Count;
        world.RunFor(600000);
        Assert.Equal(attempts, world.Broker.Attempts.Count);
    }

    [Fact]
    public void Opens_again_after_a_close_with_birth_and_what_waited()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Connection.BeginClose();
        world.RunFor(1000);
        World.Send(queue, "0");
        world.Open();
        world.RunFor(1000);

        Assert.Equal("online", world.Broker.Retained(Status));
        Assert.Equal(["0"], world.Broker.Seen("t"));
        Assert.Equal(2, world.Connection.Connects);
    }

    [Fact]
    public void Opening_while_it_closes_takes_the_last_will_back()
    {
        var world = new World();
        world.Connection.SetStatus(Status, "online", "offline");
        world.Open();
        world.Broker.PubackMs = 500;
        world.Connection.BeginClose();
        world.RunFor(100);
        Assert.Equal("offline", world.Broker.Retained(Status));
        world.Connection.Open();
        world.RunFor(5000);

        Assert.Equal("online", world.Broker.Retained(Status));
        Assert.Single(world.Broker.Attempts);
    }

    [Fact]
    public void Publishes_what_waits_and_awaits_its_acknowledgement_before_a_clean_close()
    {
        var world = new World("options.max_inflight=2");
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.SendEach(queue, 0, 50);
        world.At(world.Clock.NowMs + 1, world.Connection.BeginClose);
        world.RunFor(1990, () => !world.Connection.IsOpen);

        Assert.Equal(Texts(50), world.Broker.Seen("t"));
        Assert.Equal(0, queue.Outbox.Count);
    }

    [Fact]
    public void Says_once_what_may_end_link_after_link_and_does_not_hammer()
    {
        var world = new World();
        world.Connection.Open();
        for (int i = 0; i < 200; i++)
        {
            int links = world.Connection.Connects;
            world.RunFor(61000, () => world.Connection.Connects > links);
            world.RunFor(500);
            world.Broker.Drop();
            world.RunFor(0);
        }

        Assert.Single(world.Log.Errors, line => line.Contains("another client may connect as bar1"));
        Assert.Contains("the network cuts them", world.Connection.LastError);
        Assert.True(world.Clock.NowMs > 180 * 60000 / 3, "200 connects within " + world.Clock.NowMs + " ms");
    }

    [Fact]
    public void Two_clients_with_one_id_do_not_hammer_though_each_holds_for_a_minute_now_and_then()
    {
        var world = new World();
        world.Connection.Open();
        for (int i = 0; i < 60; i++)
        {
            int links = world.Connection.Connects;
            world.RunFor(61000, () => world.Connection.Connects > links);
            world.RunFor(i < 3 || i % 2 == 0 ? 500 : 60000);
            world.Broker.Drop();
            world.RunFor(0);
        }

        long waited = world.Clock.NowMs - (60000L * 28);
        Assert.True(waited > 60 * 15000, "60 connects waited " + waited + " ms in all");
    }

    [Fact]
    public void Goes_through_all_endpoints_once_when_retry_connect_is_off()
    {
        var world = new World("options.retry_connect=false", "a", "b", "c");
        world.Broker.Connack = options => options.Host == "c" ? null : new(MqttLinkError.Tcp, 0, "connection refused");
        world.Connection.Open();
        world.RunFor(60000);
        Assert.Equal(["a", "b", "c"], world.Broker.Attempts.Select(attempt => attempt.Host));
        Assert.True(world.Connection.IsConnected);

        world.Broker.Drop();
        world.RunFor(60000);
        Assert.False(world.Connection.IsOpen);
        Assert.Equal(3, world.Broker.Attempts.Count);
    }

    [Fact]
    public void Has_places_for_eight_and_says_so()
    {
        var world = new World();
        for (int i = 1; i < MqttConnection.MaxAttached; i++)
        {
            world.Queue("t" + i);
        }

        Assert.Equal(
            InvalidStateException.NoConnection, Assert.Throws<InvalidStateException>(() => world.Queue("t")).Code);
    }

    [Fact]
    public void A_taker_that_throws_harms_neither_the_link_nor_the_others()
    {
        var world = new World();
        var bad = new RecordingSink("#") { Throws = true };
        var good = new RecordingSink("a/+");
        world.Connection.Attach(bad);
        world.Connection.Attach(good);
        world.Open();
        world.Broker.Deliver("a/b", World.Utf8("0"));
        world.Broker.Deliver("a/c", World.Utf8("1"));
        world.Broker.Deliver("b", World.Utf8("2"));
        world.RunFor(1000);

        Assert.Equal(["a/b 0", "a/c 1", "b 2"], bad.Taken);
        Assert.Equal(["a/b 0", "a/c 1"], good.Taken);
        Assert.Equal((3, 1), (world.Connection.LostMessages, world.Broker.Attempts.Count));
    }

    [Fact]
    public void Counts_the_messages_of_a_flood_that_found_no_place_while_the_link_still_holds()
    {
        var world = new World();
        var sink = new RecordingSink("#");
        world.Connection.Attach(sink);
        world.Open();
        for (int i = 0; i < 100; i++)
        {
            world.Broker.Deliver("t", World.Utf8(i.ToString()));
        }

        world.RunFor(1000);

        Assert.Equal(MqttLinkEventQueue.MaxMessages, sink.Taken.Count);
        Assert.Equal(100 - MqttLinkEventQueue.MaxMessages, world.Connection.LostMessages);
        world.Broker.Drop();
        world.RunFor(1000);
        Assert.Equal(100 - MqttLinkEventQueue.MaxMessages, world.Connection.LostMessages);
    }

    [Theory]
    [InlineData("options.clean_session=false", true)]
    [InlineData("options.clean_session=true", false)]
    public void A_subscription_that_ended_during_an_outage_is_taken_back_from_a_session_that_was_kept(
        string options, bool isTakenBack)
    {
        var world = new World(options);
        MqttMessageQueue queue = world.Queue("t");
        queue.BeginListen(null, new Receiver());
        world.Open();
        world.Broker.Drop();
        queue.EndListen(null);
        world.RunFor(30000, () => world.Connection.Connects == 2 && world.Connection.IsConnected);

        Assert.Equal(isTakenBack ? ["t"] : [], world.Broker.Link.Unsubscribed);
    }

    [Theory]
    [InlineData("options.clean_session=false", true)]
    [InlineData("options.clean_session=true", false)]
    public void Takes_what_a_kept_session_brings_before_anybody_subscribes(string options, bool isTaken)
    {
        var world = new World(options);
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.Link.Deliver("t", World.Utf8("kept"), false);
        world.RunFor(100);

        Assert.Equal(isTaken ? 1 : 0, queue.ReadMessageCount());
    }

    [Fact]
    public void Is_held_back_anew_when_it_was_closed_while_it_was_held_back()
    {
        var world = new World();
        world.Connection.Gate = new ClosedGate();
        world.Connection.Open();
        world.RunFor(1000);
        world.Connection.BeginClose();
        world.RunFor(MqttConnection.MaxHoldMs);
        world.Connection.Open();
        world.RunFor(MqttConnection.MaxHoldMs - 2000);
        Assert.Empty(world.Broker.Attempts);

        world.RunFor(4000);
        Assert.Single(world.Broker.Attempts);
    }

    [Fact]
    public void Starts_with_the_first_endpoint_however_long_there_was_no_network()
    {
        var network = new FakeNetwork();
        var clock = new VirtualClock();
        var broker = new FakeBroker(clock);
        MqttLinkOptions[] endpoints =
        [
            .. new[] { "a", "b" }.Select(host => new MqttLinkOptions { Host = host, KeepAliveSeconds = 15 }),
        ];
        var platform = new MqttPlatform
        {
            Links = broker,
            Network = network,
            Clock = clock,
            Random = new SeededRandom(1),
        };
        var connection = new MqttConnection(platform, endpoints, World.Read(""), new Components.MemoryLogger());
        connection.Open();
        for (int i = 0; i < 5; i++)
        {
            clock.NowMs = connection.Poll();
        }

        Assert.Empty(broker.Attempts);
        Assert.Contains("no network: no access point", connection.LastError);
        network.IsReady = true;
        connection.Poll();
        Assert.Equal("a", Assert.Single(broker.Attempts).Host);
    }

    private static long[] Waits(World world)
    {
        long[] times = [.. world.Broker.Attempts.Select(attempt => attempt.AtMs)];
        return [.. times.Zip(times.Skip(1), (a, b) => b - a)];
    }

    private static string[] Texts(int count) => [.. Enumerable.Range(0, count).Select(i => i.ToString())];

    private static string[] OnLink(World world, int link) =>
        [.. world.Broker.Arrivals.Where(a => a.Link == link && !a.IsRepeat).Select(a => a.Text)];

    private sealed class ClosedGate : IConnectGate
    {
        public int GetHoldMs(MqttLinkOptions endpoint, long nowMs) => 100;
    }

    private sealed class FakeNetwork : INetwork
    {
        public bool IsReady { get; set; }

        public bool TryBringUp(int timeoutMs, out string? detail)
        {
            detail = "no access point";
            return IsReady;
        }
    }
}
