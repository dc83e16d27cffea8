using System.Device.Adc;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class AdcController_Tests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    // ESP-IDF's ADC page for the ESP32; nf-interpreter's ESP32_DeviceMapping.cpp.
    [Theory]
    [InlineData(0, 36)]
    [InlineData(3, 39)]
    [InlineData(4, 32)]
    [InlineData(7, 35)]
    public void A_channel_measures_the_voltage_at_its_pin(int channel, int pin)
    {
        _bench.Board.Gpio[pin].ExternalVolts = 1.55;

        (int value, double ratio) = _bench.Run(() =>
        {
            using AdcChannel opened = new AdcController().OpenChannel(channel);
            return (opened.ReadValue(), opened.ReadRatio());
        });

        Assert.Equal(2048, value, 1.0);
        Assert.Equal(0.5, ratio, 0.001);
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(0.1, 0)]
    [InlineData(2.8, 3752)] // 2.84 V by the line below 2.6 V
    [InlineData(3.3, 4095)]
    public void Outside_its_linear_range_the_converter_is_as_the_chips(double? volts, int value)
    {
        _bench.Board.Gpio[36].ExternalVolts = volts;

        Assert.Equal(value, _bench.Run(() => new AdcController().OpenChannel(0).ReadValue()));
    }

    [Fact]
    public void Noise_stays_within_what_is_set()
    {
        _bench.Board.Gpio[36].ExternalVolts = 2;
        _bench.Board.Gpio[36].NoiseVolts = 0.05;

        int[] values = _bench.Run(() =>
        {
            AdcChannel channel = new AdcController().OpenChannel(0);
            return Enumerable.Range(0, 200).Select(_ => channel.ReadValue()).ToArray();
        });

        Assert.InRange(values.Distinct().Count(), 20, 200);
        Assert.All(values, value => Assert.InRange(value * 3.1 / 4095, 1.949, 2.051));
    }

    [Fact]
    public void The_chip_opens_a_channel_again_but_none_that_it_has_not_nor_one_of_the_second_converter()
    {
        _bench.Run(() =>
        {
            AdcController adc = new();
            adc.OpenChannel(6);
            new AdcController().OpenChannel(6);
            Assert.Throws<ArgumentException>(() => adc.OpenChannel(-1));
            Assert.Throws<ArgumentException>(() => adc.OpenChannel(20));
            Assert.Throws<InvalidOperationException>(() => adc.OpenChannel(12));
        });
    }
}
