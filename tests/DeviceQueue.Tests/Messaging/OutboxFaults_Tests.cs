using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;
using Xunit.Sdk;

namespace DeviceQueue.Tests.Messaging;

/// <summary>What storage has taken is there after a reboot, whatever it refused before and since.</summary>
public sealed class OutboxFaults_Tests
{
    private const string Options = "options.qos=1;options.outbox=out;options.outbox_flush_ms=0;options.max_messages=8;"
        + "options.max_bytes=2048;options.max_message_size=600;options.outbox_max_bytes=";

    [Theory]
    [InlineData("writes")]
    [InlineData("deletes")]
    [InlineData("both")]
    [InlineData("none")]
    public void What_was_flushed_and_never_acknowledged_survives_a_reboot_whatever_storage_refused_before(string faults)
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Run(seed, faults);
        }
    }

    private static void Run(int seed, string faults)
    {
        var random = new Random(seed);
        var store = new FaultyStore(random);
        string options = Options + (random.Next(2) == 0 ? "8192" : "16384") + ";options.max_inflight="
            + (1 + random.Next(8));
        long now = 1000;
        Outbox outbox = new(World.Read(options), new AutoResetEvent(false), store);
        outbox.OnLinkUp();
        var request = new PublishRequest();
        var inflight = new Dictionary<int, int>();
        var waiting = new HashSet<int>();
        var safe = new HashSet<int>();
        int serial = 0, lastId = 0;
        for (int step = 0; step < 400; step++)
        {
            bool isFaulty = random.Next(4) != 0;
            store.WriteFaults = isFaulty && faults is "writes" or "both" ? 25 : 0;
            store.DeleteFaults = isFaulty && faults is "deletes" or "both" ? 25 : 0;
            now += random.Next(3) * 6000; // past the pause after a fault
            switch (random.Next(12))
            {
                case <= 4:
                    byte[] payload = Encoding.ASCII.GetBytes((serial + " ").PadRight(20 + random.Next(500), '.'));
                    if (outbox.TryAdd("t", payload, payload.Length, 1, false))
                    {
                        waiting.Add(serial);
                    }

                    store.Log.Add("-- add " + serial++);
                    break;
                case <= 6:
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
                case 11 when random.Next(6) == 0:
                    store.WriteFaults = store.DeleteFaults = 0;
                    store.Log.Add("-- reboot");
                    outbox = new Outbox(World.Read(options), new AutoResetEvent(false), store);
                    outbox.OnLinkUp();
                    inflight.Clear();
                    int[] left = Drain(
                        new Outbox(
                            World.Read(options),
                            new AutoResetEvent(false),
                            new FaultyStore(random) { Files = new(store.Files) }));
                    int[] lost = [.. safe.Except(left).Order()];
                    if (lost.Length > 0)
                    {
                        throw new XunitException(
                            $"seed {seed}, step {step}: lost {string.Join(' ', lost)}, damages "
                            + $"{outbox.Drops[DropReason.Damaged]}, counted {outbox.Count}\n"
                            + string.Join('\n', store.Log.TakeLast(60)));
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
