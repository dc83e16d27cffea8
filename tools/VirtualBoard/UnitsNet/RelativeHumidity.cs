namespace UnitsNet;

/// <summary>A relative humidity.</summary>
public struct RelativeHumidity
{
    private RelativeHumidity(double percent) => Percent = percent;

    public double Percent { get; }

    public static RelativeHumidity FromPercent(double percent) => new(percent);
}
