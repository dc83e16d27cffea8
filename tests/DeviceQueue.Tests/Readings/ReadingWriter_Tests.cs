using System.Text;
using DeviceQueue.Readings;
using DeviceQueue.Text;

namespace DeviceQueue.Tests.Readings;

public sealed class ReadingWriter_Tests
{
    private static readonly DateTime Taken = new(2026, 11, 21, 2, 47, 0, 123, DateTimeKind.Utc);

    [Fact]
    public void Writes_a_reading_as_the_contract_has_it()
    {
        Assert.Equal(
            """{"msg":"21.47","unit":"C","temperature":21.47,"humidity":45.10,"pressure":1006.53"""
            + ""","seq":1042,"time":"2026-11-21T02:47:00.123Z"}""",
            Write(NewReading(), 1042, 17));
    }

    [Fact]
    public void Writes_boot_and_uptime_while_the_clock_is_not_set_and_no_humidity_when_there_is_none()
    {
        Assert.Equal(
            """{"msg":"-0.50","unit":"C","temperature":-0.50,"pressure":300.00,"seq":1,"boot":17,"uptime_ms":123456}""",
            Write(Of((Quantity.Temperature, -0.5), (Quantity.Pressure, 300)), 1, 17));
    }

    [Fact]
    public void A_sensor_brings_its_quantities_and_the_first_is_said_as_text_too()
    {
        Reading reading = NewReading();
        reading.Clear();
        reading.Set(Quantity.Humidity, 45.1);
        Assert.StartsWith("""{"msg":"45.10","unit":"%","humidity":45.10,"seq":1,""", Write(reading, 1, 17));

        reading.Set(Quantity.Temperature, 21.474);
        Assert.StartsWith(
            """{"msg":"21.47","unit":"C","temperature":21.47,"humidity":45.10,"seq":1,""", Write(reading, 1, 17));
    }

    [Fact]
    public void Writes_boot_and_uptime_beside_a_time_that_is_doubted()
    {
        Reading reading = NewReading();
        reading.IsClockDoubted = true;

        Assert.EndsWith(
            """
            ,"seq":1042,"time":"2026-11-21T02:47:00.123Z","boot":17,"uptime_ms":123456,"clock":"doubted"}
            """,
            Write(reading, 1042, 17));
    }

    [Theory]
    [InlineData(-0.004, "0.00")]
    [InlineData(0.005, "0.01")]
    [InlineData(-40, "-40.00")]
    [InlineData(84.999, "85.00")]
    public void Rounds_to_two_decimals(double celsius, string text)
    {
        Assert.StartsWith(
            $$"""{"msg":"{{text}}","unit":"C","temperature":{{text}},""",
            Write(Of((Quantity.Temperature, celsius)), 1, 1));
    }

    [Fact]
    public void Never_takes_more_than_it_says()
    {
        Reading longest = NewReading();
        longest.IsClockDoubted = true;
        longest.Set(Quantity.Temperature, -12345.678);
        longest.Set(Quantity.Humidity, 12345.678);
        longest.Set(Quantity.Pressure, 1234567.891);
        longest.TakenMs = long.MaxValue;

        Assert.InRange(Write(longest, long.MaxValue, long.MaxValue).Length, 1, ReadingWriter.MaxBytes);
    }

    private static Reading NewReading()
    {
        Reading reading = Of((Quantity.Temperature, 21.474), (Quantity.Humidity, 45.1), (Quantity.Pressure, 1006.526));
        reading.HasUtc = true;
        reading.TakenUtc = Taken;
        return reading;
    }

    private static Reading Of(params (int Quantity, double Value)[] quantities)
    {
        var reading = new Reading { TakenMs = 123456 };
        foreach ((int quantity, double value) in quantities)
        {
            reading.Set(quantity, value);
        }

        return reading;
    }

    private static string Write(Reading reading, long sequence, long boot)
    {
        byte[] buffer = new byte[ReadingWriter.MaxBytes];
        var writer = new JsonWriter();
        writer.Reset(buffer, 0);
        ReadingWriter.Write(writer, reading, sequence, boot);
        Assert.False(writer.IsOverflow);
        return Encoding.UTF8.GetString(buffer, 0, writer.Length);
    }
}
