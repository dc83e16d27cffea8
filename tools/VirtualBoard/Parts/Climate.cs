namespace VirtualBoard.Parts;

/// <summary>What a sensor stands in.</summary>
/// <param name="Temperature">Degrees Celsius.</param>
/// <param name="Humidity">Percent.</param>
/// <param name="Pressure">Hectopascals.</param>
public readonly record struct Climate(double Temperature, double Humidity, double Pressure)
{
    public static Climate operator +(Climate a, Climate b) =>
        new(a.Temperature + b.Temperature, a.Humidity + b.Humidity, a.Pressure + b.Pressure);

    public static Climate operator *(Climate a, double factor) =>
        new(a.Temperature * factor, a.Humidity * factor, a.Pressure * factor);
}

/// <summary>The climate over time.</summary>
public interface IClimateScript
{
    /// <summary>Tells the climate.</summary>
    /// <param name="elapsed">The time since the part was made.</param>
    Climate At(TimeSpan elapsed);
}

/// <summary>The same always.</summary>
public sealed class ConstantClimate(Climate climate) : IClimateScript
{
    public Climate At(TimeSpan elapsed) => climate;
}

/// <summary>A sine around a mean, a day long unless told otherwise.</summary>
public sealed class CurveClimate(Climate mean, Climate amplitude, TimeSpan? period = null) : IClimateScript
{
    private readonly TimeSpan _period = period ?? TimeSpan.FromDays(1);

    public Climate At(TimeSpan elapsed) => mean + (amplitude * Math.Sin(2 * Math.PI * (elapsed / _period)));
}

/// <summary>Another script with noise on it; each look draws again, from a seed.</summary>
public sealed class NoisyClimate(IClimateScript script, Climate amplitude, int seed) : IClimateScript
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);

    public Climate At(TimeSpan elapsed)
    {
        lock (_lock)
        {
            Climate noise = new(
                amplitude.Temperature * Draw(), amplitude.Humidity * Draw(), amplitude.Pressure * Draw());
            return script.At(elapsed) + noise;
        }
    }

    private double Draw() => (_random.NextDouble() * 2) - 1;
}
