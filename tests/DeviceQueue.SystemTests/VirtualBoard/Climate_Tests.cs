using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Climate_Tests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_curve_is_a_sine_over_a_day()
    {
        CurveClimate curve = new(new Climate(20, 50, 1000), new Climate(5, -10, 2));

        Assert.Equal(20, curve.At(TimeSpan.Zero).Temperature, 0.001);
        Assert.Equal(new Climate(25, 40, 1002), curve.At(TimeSpan.FromHours(6)));
        Assert.Equal(15, curve.At(TimeSpan.FromHours(18)).Temperature, 0.001);
    }

    [Fact]
    public void Noise_is_bounded_and_the_same_for_the_same_seed()
    {
        Climate[] Draw(int seed)
        {
            NoisyClimate noisy = new(new ConstantClimate(new Climate(20, 50, 1000)), new Climate(0.5, 1, 2), seed);
            return [.. Enumerable.Range(0, 100).Select(_ => noisy.At(TimeSpan.Zero))];
        }

        Assert.Equal(Draw(7), Draw(7));
        Assert.NotEqual(Draw(7), Draw(8));
        Assert.All(Draw(7), climate => Assert.InRange(climate.Temperature, 19.5, 20.5));
    }

    [Fact]
    public void A_recording_holds_each_line_until_the_next()
    {
        File.WriteAllText(
            _path, "ms,temperature,humidity,pressure\n0,20,50,1000\n# window opened\n\n60000,-3.5,80,1001.5\n");
        CsvClimate recording = new(_path);

        Assert.Equal(new Climate(20, 50, 1000), recording.At(TimeSpan.FromMilliseconds(59_999)));
        Assert.Equal(new Climate(-3.5, 80, 1001.5), recording.At(TimeSpan.FromMinutes(1)));
        Assert.Equal(new Climate(-3.5, 80, 1001.5), recording.At(TimeSpan.FromDays(1)));
    }

    [Theory]
    [InlineData("0,20,50,1000\n10,20,50", "line 2: expected ms,temperature,humidity,pressure, found 3 fields")]
    [InlineData("0,20,50,1000\n10,20,x,1000", "line 2: 'x' is no number")]
    [InlineData("0,20,50,1000\n0,20,50,1000", "line 2: '0' is no time in milliseconds after that of the line before")]
    [InlineData("ms,temperature,humidity,pressure\nsoon,20,50,1000", "line 2: 'soon' is no time")]
    [InlineData("0,NaN,50,1000", "line 1: 'NaN' is no number")]
    [InlineData("# nothing\n", "there is no line with values")]
    public void A_wrong_recording_is_refused_with_file_and_line(string text, string expected)
    {
        File.WriteAllText(_path, text);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => new CsvClimate(_path));

        Assert.Contains(_path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
