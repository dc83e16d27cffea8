using System.CommandLine;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Cli.Simulating;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli;

/// <summary>The commands for the desk: virtual boards, a board's console, the shell's completion.</summary>
internal sealed class DeskCommands(Invocation invocation, HelpPages help)
{
    private const int MinBaud = 300;
    private const int MaxBaud = 4_000_000;

    public IEnumerable<Command> All() => [Simulate(), SerialPort(), Completion()];

    private Command Simulate()
    {
        AccessOptions access = new();
        Option<int?> devices = new("--devices")
        {
            Description = $"How many boards, up to {SimulationRequest.MaxDevices}; 1 without it, or with --out all of "
                + "the fleet.",
        };
        Option<int?> interval = new("--interval-ms")
        {
            Description = "The time between two readings; 5000 without it, or with --out the device's own.",
        };
        Option<int?> chaos = new("--chaos")
        {
            Description = "A seed for faults: sensors, links and power fail. For minutes: a board that loses its power "
                + "leaves threads behind in this process.",
        };
        Option<double?> seconds = new("--seconds") { Description = "End by itself after so many seconds." };
        Command command = new(
            "simulate",
            "Runs virtual boards against a broker, and counts at the end whether every accepted reading has arrived.")
        {
            devices, interval, chaos, seconds,
        };
        access.AddTo(command);
        invocation.Handle(command, (typed, terminal, cancellation) =>
        {
            SimulationRequest request =
                new(typed.GetValue(devices), typed.GetValue(interval), typed.GetValue(chaos))
                {
                    Time = typed.GetValue(seconds) is { } s
                        ? Seconds.Read("--seconds", s)
                        : Timeout.InfiniteTimeSpan,
                };
            return new Simulation(access.Read(typed), terminal, request).Run(cancellation);
        });
        return help.Add(
            command,
            "simulate --devices 20 --interval-ms 1000 --broker mqtt://127.0.0.1:1883",
            "simulate --out fleet",
            "simulate --devices 5 --interval-ms 1000 --chaos 7 --seconds 120 --broker mqtt://127.0.0.1:1883");
    }

    private Command SerialPort()
    {
        Argument<string> port = new("port") { Description = "The port, as in /dev/ttyUSB0 or COM5." };
        port.CompletionSources.Add(_ => System.IO.Ports.SerialPort.GetPortNames());
        Option<int> baud = new("--baud")
        {
            Description = "The speed.",
            DefaultValueFactory = _ => SerialConsole.DefaultBaud,
        };
        Command command = new("console", "Shows what a board writes to its serial console. Ctrl-C ends it.")
        {
            port, baud,
        };
        invocation.Handle(command, (typed, terminal, cancellation) =>
        {
            int speed = typed.GetValue(baud);
            return speed is >= MinBaud and <= MaxBaud
                ? new SerialConsole(terminal).Run(typed.GetValue(port)!, speed, cancellation)
                : throw new UserException($"--baud {speed}: {MinBaud} to {MaxBaud} are allowed");
        });
        return help.Add(command, "console /dev/ttyUSB0", "console COM5");
    }

    private Command Completion()
    {
        Argument<string> shell = new("shell") { Description = string.Join(", ", CompletionScript.Shells) };
        shell.CompletionSources.Add(CompletionScript.Shells);
        Command command = new("completion", "Prints a script that lets a shell complete commands, options and devices.")
        {
            shell,
        };
        invocation.Handle(
            command, (typed, terminal) => terminal.Out.WriteLine(CompletionScript.Of(typed.GetValue(shell)!)));
        return help.Add(
            command,
            "completion bash   # source <(devicequeue completion bash)",
            "completion powershell");
    }
}
