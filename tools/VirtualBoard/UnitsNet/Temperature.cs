namespace UnitsNet;

/// <summary>A temperature, as far as the firmware needs one.</summary>
public struct Temperature
{
    private Temperature(double degreesCelsius) => DegreesCelsius = degreesCelsius;

    public double DegreesCelsius { get; }

    public static Temperature FromDegreesCelsius(double degreescelsius) => new(degreescelsius);
}
