using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;
using Xunit.Sdk;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// The first promise as a sum: what Send took is acknowledged, counted as dropped or damaged, or still there; and all
/// that is still there is sent once the faults are over.
/// </summary>
public sealed class OutboxAccount_Tests
{
    [Theory]
    [InlineData("reject", false)]
    [InlineData("drop_oldest", false)]
    [InlineData("drop_newest", false)]
    [InlineData("coalesce", false)]
    [InlineData("reject", true)]
    [InlineData("drop_oldest", true)]
    [InlineData("drop_newest", true)]
    [InlineData("coalesce", true)]
    public void Every_message_is_accounted_for(string overflow, bool isFaulty)
    {
        for (int seed = 0; seed < 150; seed++)
        {
            Run(seed, overflow, isFaulty);
        }
    }

    private static void Run(int seed, string overflow, bool areFaults)
    {
        var random = new Random(seed);
        var store = new FaultyStore(random);
        string options = "options.qos=1;options.outbox=out;options.outbox_flush_ms=" + random.Next(2) * 1000
            + ";options.max_messages=" + (1 + random.Next(10)) + ";options.max_bytes=" + (700 + random.Next(1500))
            + ";options.max_message_size=700;options.outbox_max_bytes=" + (random.Next(2) == 0 ? 8192 : 12288)
            + ";options.max_inflight=" + (1 + random.Next(8)) + ";options.overflow=" + overflow;
        long now = 1000;
        Outbox outbox = new(World.Read(options), new AutoResetEvent(false), store);
        outbox.OnLinkUp();
        var request = new PublishRequest();
        var inflight = new Dictionary<int, int>();
        int serial = 0, lastId = 0, taken = 0, answered = 0;
        for (int step = 0; step < 300; step++)
        {
            bool isFaulty = areFaults && random.Next(4) != 0;
            store.WriteFaults = isFaulty ? 30 : 0;
            store.DeleteFaults = isFaulty ? 30 : 0;
            now += random.Next(3) * 3000;
            switch (random.Next(12))
            {
                case <= 5:
                    byte[] payload = Encoding.ASCII.GetBytes((serial + " ").PadRight(20 + random.Next(600), '.'));
                    string topic = "t/" + random.Next(3);
                    if (outbox.TryAdd(topic, payload, payload.Length, 1, false))
                    {
                        taken++;
                    }
                    else if (overflow == "drop_newest")
                    {
                        throw new XunitException("drop_newest refuses");
                    }

                    store.Log.Add("-- add " + serial++);
                    break;
                case <= 7:
                    if (outbox.TryTake(now, request))
                    {
                        if (random.Next(10) == 0)
                        {
                            byte[] other = Encoding.ASCII.GetBytes((serial++ + " ").PadRight(600, '.'));
                            // between taking and handing over
                            taken += outbox.TryAdd("t/0", other, other.Length, 1, false) ? 1 : 0;
                        }

                        outbox.OnHandedOver(++lastId);
                        inflight[lastId] = int.Parse(Encoding.ASCII.GetString(request.Payload).Split(' ')[0]);
                    }

                    break;
                case <= 9 when inflight.Count > 0:
                    int id = inflight.Keys.ElementAt(random.Next(inflight.Count));
                    int before = outbox.Count;
                    bool isAnswered = random.Next(5) > 0;
                    outbox.OnPublished(id, isAnswered, now);
                    answered += before - outbox.Count;
                    inflight.Remove(id);
                    break;
                case 10 when random.Next(3) == 0:
                    outbox.OnLinkDown();
                    outbox.OnLinkUp();
                    inflight.Clear();
                    break;
                default:
                    outbox.Poll(now);
                    break;
            }

            Check(areFaults, seed, step, outbox, store, taken, answered);
        }

        store.WriteFaults = store.DeleteFaults = 0;
        outbox.OnLinkDown();
        outbox.OnLinkUp();
        inflight.Clear();
        for (int i = 0; i < 2000 && outbox.Count > 0; i++)
        {
            outbox.Poll(now);
            if (outbox.TryTake(now += 400000, request))
            {
                int before = outbox.Count;
                outbox.OnHandedOver(++lastId);
                outbox.OnPublished(lastId, true, now);
                answered += before - outbox.Count;
            }
        }

        outbox.Poll(now += 400000);
        Check(areFaults, seed, 999, outbox, store, taken, answered);
        if (outbox.Count > 0)
        {
            throw new XunitException(
                $"seed {seed}: {outbox.Count} are never sent\n" + string.Join('\n', store.Log.TakeLast(40)));
        }
    }

    private static void Check(
        bool areFaults, int seed, int step, Outbox outbox, FaultyStore store, int taken, int answered)
    {
        int dropped = Enumerable.Range(0, DropReason.Reported).Sum(reason => outbox.Drops[reason]);
        if (store.WriteFaults + store.DeleteFaults == 0 && !areFaults && outbox.Drops[DropReason.Damaged] > 0)
        {
            throw new XunitException(
                $"seed {seed}, step {step}: {outbox.Drops[DropReason.Damaged]} damaged without a "
                + $"fault, dropped {dropped}\n" + string.Join('\n', store.Log.TakeLast(40)));
        }

        if (taken != answered + dropped + outbox.Drops[DropReason.Damaged] + outbox.Count)
        {
            throw new XunitException(
                $"seed {seed}, step {step}: took {taken}, answered {answered}, dropped {dropped}, damaged "
                + $"{outbox.Drops[DropReason.Damaged]}, left {outbox.Count}\n"
                + string.Join('\n', store.Log.TakeLast(40)));
        }
    }
}
