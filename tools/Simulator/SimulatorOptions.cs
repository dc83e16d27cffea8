using VirtualBoard;

namespace Simulator;

/// <summary>What <c>--sensor</c> takes.</summary>
internal static class Sensors
{
    public const string Bme280 = "bme280";
    public const string Bmp280 = "bmp280";
    public const string Sht31 = "sht31";
    public const string None = "none";
}

/// <summary>What the command line asks for.</summary>
internal sealed record SimulatorOptions
{
    public string? Broker { get; init; }

    public int? Port { get; init; }

    public FileInfo? Config { get; init; }

    public BoardModel Board { get; init; } = BoardModel.Esp32;

    public string? Id { get; init; }

    public int? IntervalMs { get; init; }

    public string Sensor { get; init; } = Sensors.Bme280;

    public DirectoryInfo? Storage { get; init; }

    public double? Seconds { get; init; }
}
