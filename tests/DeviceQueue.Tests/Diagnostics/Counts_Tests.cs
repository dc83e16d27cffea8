using System.Text;
using System.Text.Json;
using DeviceQueue.Diagnostics;
using DeviceQueue.Text;

namespace DeviceQueue.Tests.Diagnostics;

public sealed class Counts_Tests
{
    private readonly Counts _counts = new("one two other");

    [Fact]
    public void A_reason_is_counted_by_its_number_or_its_name()
    {
        _counts.Add(1, 4);
        _counts.Add("two");
        _counts.Add("one");

        Assert.Equal((1, 5, 0, 6), (_counts[0], _counts[1], _counts[2], _counts.Total));
    }

    [Fact]
    public void A_reason_that_has_no_name_is_counted_all_the_same()
    {
        _counts.Add("tw");
        _counts.Add("");

        Assert.Equal((0, 0, 2), (_counts[0], _counts[1], _counts[2]));
    }

    [Fact]
    public void A_count_ends_at_the_largest_number_and_never_turns_over()
    {
        _counts.Add(0, int.MaxValue - 1);
        _counts.Add(0, 5);

        Assert.Equal(int.MaxValue, _counts[0]);
    }

    [Theory]
    [InlineData(true, 2, """{"one":0,"two":7}""")]
    [InlineData(false, 2, """{"two":7}""")]
    [InlineData(true, 3, """{"one":0,"two":7,"other":0}""")]
    public void A_report_names_what_was_counted(bool hasZeros, int end, string expected)
    {
        _counts.Add(1, 7);
        byte[] buffer = new byte[100];
        var writer = new JsonWriter();
        writer.Reset(buffer, 0);
        writer.BeginObject();
        _counts.Write(writer, end, hasZeros);
        writer.EndObject();

        Assert.Equal(expected, Encoding.UTF8.GetString(buffer, 0, writer.Length));
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(expected).RootElement.ValueKind);
    }

    [Fact]
    public void Each_reason_for_a_loss_has_a_name()
    {
        var reasons = typeof(DropReason).GetFields()
            .Where(field => field.FieldType == typeof(int) && field.Name != nameof(DropReason.Reported))
            .Select(field => (int)field.GetRawConstantValue()!);

        Assert.Equal(Enumerable.Range(0, new Counts(DropReason.Names).Length), reasons.Order());
    }

    [Fact]
    public async Task Two_threads_that_count_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 100000; i++)
            {
                _counts.Add(0);
            }
        })));

        Assert.Equal(200000, _counts[0]);
    }
}
