using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;
using Xunit.Sdk;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// With policies that drop, what storage had taken and is not there after a reboot was counted as dropped before it.
/// </summary>
public sealed class OutboxFaultsDropping_Tests
{
    [Theory]
    [InlineData("drop_oldest", "none")]
    [InlineData("drop_oldest", "both")]
    [InlineData("drop_newest", "both")]
    [InlineData("coalesce", "both")]
    public void What_is_missing_after_a_reboot_was_counted(string overflow, string faults)
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Run(seed, overflow, faults);
        }
    }

    private static void Run(int seed, string overflow, string faults)
    {
        var random = new Random(seed);
        var store = new FaultyStore(random);
        string Options() =>
            "options.qos=1;options.outbox=out;options.outbox_flush_ms=0;options.max_message_size=600"
            + ";options.overflow=" + overflow + ";options.max_messages=" + (2 + random.Next(10))
            + ";options.max_bytes=" + (700 + random.Next(2000)) + ";options.outbox_max_bytes="
            + (random.Next(2) == 0 ? "8192" : "16384") + ";options.max_inflight=" + (1 + random.Next(8));
        long now = 1000;
        Outbox outbox = new(World.Read(Options()), new AutoResetEvent(false), store);
        outbox.OnLinkUp();
        var request = new PublishRequest();
        var inflight = new Dictionary<int, int>();
        var waiting = new HashSet<int>();
        var safe = new HashSet<int>();
        int serial = 0, lastId = 0;
        for (int step = 0; step < 500; step++)
        {
            bool isFaulty = random.Next(4) != 0;
            store.WriteFaults = isFaulty && faults is "both" ? 25 : 0;
            store.DeleteFaults = isFaulty && faults is "both" ? 25 : 0;
            now += random.Next(3) * 6000;
            switch (random.Next(12))
            {
                case <= 5:
                    byte[] payload = Encoding.ASCII.GetBytes((serial + " ").PadRight(20 + random.Next(500), '.'));
                    if (outbox.TryAdd("t/" + random.Next(40), payload, payload.Length, 1, false))
                    {
                        waiting.Add(serial);
                    }

                    store.Log.Add("-- add " + serial++);
                    break;
                case 6:
                    if (outbox.TryTake(now, request))
                    {
                        outbox.OnHandedOver(++lastId);
                        inflight[lastId] = int.Parse(Encoding.ASCII.GetString(request.Payload).Split(' ')[0]);
                    }

                    break;
                case <= 8 when inflight.Count > 0:
                    int id = inflight.Keys.ElementAt(random.Next(inflight.Count));
                    bool isAnswered = random.Next(5) > 0;
                    outbox.OnPublished(id, isAnswered, now);
                    if (isAnswered)
                    {
                        waiting.Remove(inflight[id]);
                        safe.Remove(inflight[id]);
                        store.Log.Add("-- acknowledged " + inflight[id]);
                    }

                    inflight.Remove(id);
                    break;
                case 9:
                    outbox.OnLinkDown();
                    outbox.OnLinkUp();
                    inflight.Clear();
                    break;
                case 10:
                    if (outbox.Flush())
                    {
                        safe.UnionWith(waiting);
                        store.Log.Add("-- flushed: " + string.Join(' ', safe.Order()));
                    }

                    break;
                case 11 when random.Next(8) == 0:
                    store.WriteFaults = store.DeleteFaults = 0;
                    store.Log.Add("-- reboot");
                    int counted = Enumerable.Range(0, DropReason.Reported).Sum(reason => outbox.Drops[reason])
                        + outbox.Drops[DropReason.Damaged];
                    string options = Options();
                    int[] left = Drain(
                        new Outbox(
                            World.Read(options),
                            new AutoResetEvent(false),
                            new FaultyStore(random) { Files = new(store.Files) }));
                    outbox = new Outbox(World.Read(options), new AutoResetEvent(false), store);
                    outbox.OnLinkUp();
                    inflight.Clear();
                    int[] lost = [.. safe.Except(left).Order()];
                    if (lost.Length > counted)
                    {
                        throw new XunitException(
                            $"seed {seed}, step {step}: lost {string.Join(' ', lost)}, counted {counted}, damages "
                            + $"{outbox.Drops[DropReason.Damaged]}\n" + string.Join('\n', store.Log.TakeLast(60)));
                    }

                    waiting = [.. left];
                    safe = [.. left];
                    break;
                default:
                    outbox.Poll(now);
                    break;
            }
        }
    }

    private static int[] Drain(Outbox outbox)
    {
        var found = new List<int>();
        var request = new PublishRequest();
        long now = 1000;
        for (int id = 1; id < 20000 && outbox.Count > 0; id++)
        {
            if (outbox.TryTake(now += 400000, request))
            {
                found.Add(int.Parse(Encoding.ASCII.GetString(request.Payload).Split(' ')[0]));
                outbox.OnHandedOver(id);
                outbox.OnPublished(id, true, now);
            }
        }

        return [.. found];
    }
}
