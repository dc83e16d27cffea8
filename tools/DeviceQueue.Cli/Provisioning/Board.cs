using DeviceQueue.Desktop;
using DeviceQueue.Esp32.Boards;
using DeviceQueue.Outputs;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>A kind of board.</summary>
/// <param name="Name">Its folder in hardware/boards.</param>
/// <param name="Chip">Its chip, which names the first board that has it, too.</param>
/// <param name="Target">What nanoff calls the firmware image for it.</param>
/// <param name="Pins">What its pins can do.</param>
internal sealed record Board(string Name, string Chip, string Target, IPinRules Pins)
{
    // It is sold with and without PSRAM: the two pins that PSRAM takes are refused by the board itself.
    public static Board Default { get; } =
        new("esp32-devkitc", "esp32", Esp32Board.Target, new Esp32Board(hasPsram: false));

    public static IReadOnlyList<Board> All { get; } =
    [
        Default,
        new("esp32-s3-devkitc-1", "esp32-s3", Esp32S3Board.Target, new Esp32S3Board()),
        new("esp32-c3-devkitm-1", "esp32-c3", Esp32C3Board.Target, new Esp32C3Board()),
        Default with { Name = "firebeetle2-esp32-e" },
    ];

    /// <summary>Gets what can be typed.</summary>
    public static string Allowed => string.Join(", ", All.Select(board => board.Name))
        + " or the chip: " + string.Join(", ", All.Select(board => board.Chip).Distinct());

    /// <exception cref="UserException">There is no such board.</exception>
    public static Board Find(string name) =>
        All.FirstOrDefault(board => string.Equals(board.Name, name, StringComparison.OrdinalIgnoreCase)
            || string.Equals(board.Chip, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new UserException($"board '{Plain.Text(name)}': {Allowed} is allowed");
}
