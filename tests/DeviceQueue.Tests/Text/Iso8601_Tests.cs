using System.Globalization;
using System.Text;
using DeviceQueue.Text;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Text;

public sealed class Iso8601_Tests
{
    [Theory]
    [InlineData("2026-11-21T02:47:00.123Z", "2026-11-21T02:47:00.1230000")]
    [InlineData("2026-11-21T02:47:00Z", "2026-11-21T02:47:00.0000000")]
    [InlineData("2026-11-21T02:47:00", "2026-11-21T02:47:00.0000000")]
    [InlineData("2026-11-21T02:47:00.1", "2026-11-21T02:47:00.1000000")]
    [InlineData("2026-11-21T02:47:00.1234567Z", "2026-11-21T02:47:00.1234567")]
    [InlineData("2026-11-21T02:47:00.123456+00:00", "2026-11-21T02:47:00.1234560")]
    [InlineData("2026-11-21T02:47:00+02:00", "2026-11-21T00:47:00.0000000")]
    [InlineData("2026-11-21T02:47:00-05:30", "2026-11-21T08:17:00.0000000")]
    [InlineData("2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.9990000")]
    [InlineData("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.0000000")]
    [InlineData("2999-12-31T23:59:59.9999999Z", "2999-12-31T23:59:59.9999999")]
    public void Reads_times_with_and_without_fractions_and_zones(string text, string expected)
    {
        Assert.True(TryParse(text, out DateTime utc));
        Assert.Equal(expected, utc.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture));
        Assert.Equal(DateTimeKind.Utc, utc.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-21")]
    [InlineData("2026-11-21 02:47:00Z")]
    [InlineData("2026-11-21T02:47Z")]
    [InlineData("2026-11-21T02:47:00.Z")]
    [InlineData("2026-11-21T02:47:00.12345678Z")]
    [InlineData("2026-11-21T02:47:00ZZ")]
    [InlineData("2026-11-21T02:47:00+0200")]
    [InlineData("2026-11-21T02:47:00+15:00")]
    [InlineData("2026-11-21T02:47:00+02:60")]
    [InlineData("2026-11-21T02:47:00+02:0")]
    [InlineData("2026-11-21T02:47:00+02:000")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-00-01T00:00:00Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-11-00T00:00:00Z")]
    [InlineData("2026-11-21T24:00:00Z")]
    [InlineData("2026-11-21T23:60:00Z")]
    [InlineData("2026-11-21T23:59:60Z")]
    [InlineData("-026-11-21T02:47:00Z")]
    [InlineData("0001-01-01T00:00:00")]
    [InlineData("1969-12-31T23:59:59Z")]
    [InlineData("1970-01-01T00:00:00+00:01")]
    [InlineData("2999-12-31T23:59:59-00:01")]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("1732157220")]
    public void Refuses_other_texts(string text)
    {
        Assert.False(TryParse(text, out DateTime utc));
        Assert.Equal(DateTime.MinValue, utc);
    }

    [Fact]
    public void Reads_back_each_time_it_writes()
    {
        var times = from seconds in Gen.Choose(0, int.MaxValue)
                    from milliseconds in Gen.Choose(0, 999)
                    select DateTime.UnixEpoch.AddSeconds(seconds * 15L).AddMilliseconds(milliseconds);
        Fuzz.ForAll(times, time =>
        {
            byte[] buffer = new byte[Iso8601.Length + 2];

            Assert.Equal(Iso8601.Length + 1, Iso8601.Format(time, buffer, 1));
            Assert.Equal(
                time.ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                Encoding.ASCII.GetString(buffer, 1, Iso8601.Length));
            Assert.True(Iso8601.TryParse(buffer, 1, Iso8601.Length, out DateTime read));
            Assert.Equal(time, read);
        });
    }

    [Fact]
    public void Does_not_write_what_does_not_fit_or_has_no_four_digit_year_of_the_device()
    {
        Assert.Equal(-1, Iso8601.Format(DateTime.UnixEpoch, new byte[Iso8601.Length], 1));
        Assert.Equal(-1, Iso8601.Format(DateTime.MinValue, new byte[Iso8601.Length], 0));
        Assert.Equal(-1, Iso8601.Format(DateTime.MaxValue, new byte[Iso8601.Length], 0));
    }

    [Fact]
    public void Survives_any_bytes()
    {
        Fuzz.ForAll(
            Fuzz.Mutated("2026-11-21T02:47:00.123Z", "2026-11-21T02:47:00+02:00", "2026-11-21T02:47:00"), bytes =>
        {
            if (Iso8601.TryParse(bytes, 0, bytes.Length, out DateTime utc))
            {
                Assert.InRange(utc.Year, Iso8601.MinYear, Iso8601.MaxYear);
            }
        });
    }

    private static bool TryParse(string text, out DateTime utc)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        return Iso8601.TryParse(bytes, 0, bytes.Length, out utc);
    }
}
