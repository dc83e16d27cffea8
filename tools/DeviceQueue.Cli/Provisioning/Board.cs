using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>A kind of board, as nanoff calls it.</summary>
internal sealed record Board(string Name, string Platform, string Target)
{
    public static Board Default { get; } = new("esp32-devkitc", "esp32", "ESP32_PSRAM_REV0");

    private static readonly Board[] All = [Default];

    /// <exception cref="UserException">There is no such board.</exception>
    public static Board Find(string name) => Array.Find(All, board => board.Name == name)
        ?? throw new UserException($"board '{name}': {string.Join(", ", All.Select(board => board.Name))} is allowed");
}
