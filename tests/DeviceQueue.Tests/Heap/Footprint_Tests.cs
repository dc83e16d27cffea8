using DeviceQueue.Benchmarks;
using DeviceQueue.Benchmarks.Counting;

namespace DeviceQueue.Tests.Heap;

/// <summary>What the library's own code allocates, in bytes of the interpreter's heap, and how much it runs.</summary>
public sealed class Footprint_Tests
{
    private const int Commands = 5;

    [Fact]
    public void Encoding_an_envelope_allocates_nothing() =>
        AssertWithin([0, 0, 6_600], CountingContext.Run(CountEncode));

    [Fact]
    public void Decoding_an_envelope_allocates_its_payload_alone() =>
        AssertWithin([1, 48, 12_400], CountingContext.Run(CountDecode));

    [Fact]
    public void Each_command_from_arrival_to_answer_stays_within_a_few_kilobytes() => AssertWithin(
        [
            90, 5_000, 131_000, // config.get of the device
            90, 4_800, 115_000, // and of the options
            160, 6_300, 162_000, // config.set of four settings
            100, 4_700, 100_000, // device.info with health
            60, 3_600, 73_000, // output.get
        ],
        CountingContext.Run(CountCommands));

    private static void AssertWithin(double[] limits, double[] counted) =>
        Assert.All(counted.Zip(limits), pair => Assert.InRange(pair.First, 0, pair.Second));

    private static double[] CountEncode() => Figures(CountedWork.CountEncode());

    private static double[] CountDecode() => Figures(CountedWork.CountDecode());

    private static double[] CountCommands()
    {
        FootprintNode node = new();
        node.RunForHours();
        Assert.Equal(Commands, node.LargestCommands.Length);
        return [.. node.LargestCommands.Select(node.CountCommand).SelectMany(Figures)];
    }

    private static double[] Figures(Cost cost) => [cost.Allocations, cost.Bytes, cost.Instructions];
}
