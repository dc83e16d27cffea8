using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>A kind of board.</summary>
/// <param name="Name">Its folder in hardware/boards.</param>
/// <param name="Target">What nanoff calls the firmware image for it.</param>
internal sealed record Board(string Name, string Target)
{
    public static Board Default { get; } = new("esp32-devkitc", "ESP32_PSRAM_REV0");

    public static IReadOnlyList<Board> All { get; } = [Default];

    /// <exception cref="UserException">There is no such board.</exception>
    public static Board Find(string name) => All.FirstOrDefault(board => board.Name == name)
        ?? throw new UserException($"board '{Plain.Text(name)}': {string.Join(", ", All.Select(board => board.Name))} is allowed");
}
