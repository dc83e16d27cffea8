namespace Simulator;

/// <summary>
/// Commands to paste into another terminal. Each works every time: the shell itself makes a fresh message_id and the
/// present time.
/// </summary>
internal static class PasteLines
{
    public static string Watch(BrokerAddress broker, string id) =>
        $"mosquitto_sub {broker.ClientArguments} -v -t 'sensor/{id}/#'";

    public static string Send(BrokerAddress broker, string id, string command, string arguments)
    {
        string target = $"mosquitto_pub {broker.ClientArguments} -q 1 -t sensor/{id}/command";
        return OperatingSystem.IsWindows() ? PowerShell(target, command, arguments) : Posix(target, command, arguments);
    }

    private static string Posix(string target, string command, string arguments) =>
        target
            + " -m '{\"message_id\":\"'$(od -An -N16 -tx1 /dev/urandom | tr -d ' "
            + "\\n')'\",\"correlation_id\":\"1\",\"message_type\":\""
            + command
        + "\",\"sent_time\":\"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'\",\"message\":\"'$(printf '" + arguments
        + "' | base64)'\"}'";

    private static string PowerShell(string target, string command, string arguments) =>
        "'{\"message_id\":\"' + [guid]::NewGuid().ToString('N') + '\",\"correlation_id\":\"1\",\"message_type\":\""
            + command
        + "\",\"sent_time\":\"' + [DateTime]::UtcNow.ToString('o') + '\",\"message\":\"' + "
        + "[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('"
        + arguments
        + "')) + '\"}' | " + target + " -s";
}
