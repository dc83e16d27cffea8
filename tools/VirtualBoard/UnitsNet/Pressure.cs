namespace UnitsNet;

/// <summary>A pressure, as far as the firmware needs one.</summary>
public struct Pressure
{
    private Pressure(double pascals) => Pascals = pascals;

    public double Pascals { get; }

    public double Hectopascals => Pascals / 100;

    public static Pressure FromPascals(double pascals) => new(pascals);

    public static Pressure FromHectopascals(double hectopascals) => new(hectopascals * 100);
}
