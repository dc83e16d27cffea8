using Brokers;
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

/// <summary>What <c>--broker</c> takes beside an address.</summary>
internal static class BrokerKinds
{
    public const string Mosquitto = "mosquitto";
    public const string Embedded = "embedded";

    /// <summary>Gets what there is without a choice.</summary>
    public static string Default => MosquittoBroker.IsInstalled ? Mosquitto : Embedded;
}

/// <summary>What the command line asks for.</summary>
internal sealed record SimulatorOptions
{
    /// <summary>
    /// Gets the kind of a broker of its own, a constant of <see cref="BrokerKinds"/>; null leaves it open.
    /// </summary>
    public string? BrokerKind { get; init; }

    /// <summary>Gets the address of a broker that runs already.</summary>
    public string? BrokerUri { get; init; }

    public int? Port { get; init; }

    public FileInfo? Config { get; init; }

    public BoardModel Board { get; init; } = BoardModel.Esp32;

    public string? Id { get; init; }

    public string? IntervalMs { get; init; }

    public bool IsSleeping { get; init; }

    public string? ConnectEvery { get; init; }

    public string Sensor { get; init; } = Sensors.Bme280;

    public DirectoryInfo? Storage { get; init; }

    public TimeSpan Duration { get; init; } = Timeout.InfiniteTimeSpan;
}
