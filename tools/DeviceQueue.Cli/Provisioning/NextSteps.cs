using DeviceQueue.Settings;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>What a person types next.</summary>
internal static class NextSteps
{
    private const string Port = "--serialport COM5";

    // Of these a shell makes something else, in double quotation marks, too.
    private static readonly char[] Special = ['"', '$', '`', '\\', '!'];

    private static readonly char[] Separating = [.. " '&|;<>()*?[]#~{}"];

    /// <summary>Gives a path as it is typed: in quotation marks if a shell would take it apart.</summary>
    public static string Quote(string path)
    {
        if (!OperatingSystem.IsWindows() && path.IndexOfAny(Special) >= 0)
        {
            return $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        }

        return path.IndexOfAny(Separating) >= 0 ? $"\"{path}\"" : path;
    }

    /// <summary>Gets the lines that make a board of a new one, in the folder of the device.</summary>
    public static IReadOnlyList<string> Flash(Board board, bool hasWifi)
    {
        List<string> lines =
        [
            $"nanoff --update --target {board.Target} {Port}",
            FilesLine,
            $"nanoff --target {board.Target} {Port} --deploy --image DeviceQueue.Esp32.bin",
        ];
        if (hasWifi)
        {
            lines.Insert(1, NetworkLine);
        }

        return lines;
    }

    /// <summary>
    /// Gets the lines that try a device on this computer: the broker, a virtual board in place of the real one, and
    /// what an operator does.
    /// </summary>
    public static IReadOnlyList<string> Desk(string root, string id, bool hasOperator)
    {
        string outOption = $"--out {Quote(root)}";
        string settings = Path.Combine(root, FleetFolder.DevicePath(id), SettingsLoader.FileName);
        List<string> lines =
        [
            $"{BrokerLine(root)}   # in a terminal of its own",
            $"tools/run --config {Quote(settings)}   # in another",
            $"tools/devicequeue send {id} device.ping {outOption}",
            $"tools/devicequeue watch {outOption}",
        ];
        if (!hasOperator)
        {
            lines.Insert(0, $"tools/devicequeue operator --name alice {outOption}");
        }

        return lines;
    }

    public static string BrokerLine(string root) =>
        $"mosquitto -c {Quote(Path.Combine(root, FleetFolder.Broker, BrokerFiles.Configuration))}";

    public static string NetworkLine => $"nanoff --networkdeployment {FleetFolder.NetworkDeployment} {Port}";

    public static string FilesLine => $"nanoff --filedeployment {FleetFolder.FileDeployment} {Port}";

    public static string Note =>
        "COM5 stands for the board's port (/dev/ttyUSB0 on Linux). DeviceQueue.Esp32.bin is attached to each release, "
        + "and is what the build of firmware/DeviceQueue.Esp32 leaves.";
}
