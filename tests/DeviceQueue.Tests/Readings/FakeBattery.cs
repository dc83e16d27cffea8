using DeviceQueue.Readings;

namespace DeviceQueue.Tests.Readings;

/// <summary>A battery behind a divider of two equal resistors, as the chip's converter sees it.</summary>
internal sealed class FakeBattery : IAnalogInput
{
    private const double FullVolts = 3.1;

    public double Volts { get; set; } = 4;

    /// <summary>Gets or sets what is read in place of <see cref="Volts"/>, one value after the other.</summary>
    public int[]? Steps { get; set; }

    public bool Throws { get; set; }

    public int Reads { get; private set; }

    public int Read()
    {
        if (Throws)
        {
            throw new InvalidOperationException("ADC");
        }

        int index = Reads++;
        int steps = (int)Math.Round(Volts / 2 / FullVolts * Battery.MaxSteps);
        return Steps is null ? Math.Clamp(steps, 0, Battery.MaxSteps) : Steps[index % Steps.Length];
    }
}
