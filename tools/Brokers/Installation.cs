namespace Brokers;

/// <summary>Says what to install when a part of Mosquitto is missing.</summary>
internal static class Installation
{
    internal static string Hint(string debianPackage) =>
        OperatingSystem.IsWindows() ? "Install Mosquitto 2 from https://mosquitto.org/download/."
        : OperatingSystem.IsMacOS() ? "Install it with: brew install mosquitto"
        : $"Install it with: apt-get install {debianPackage} (or your distribution's package of the same name).";
}
