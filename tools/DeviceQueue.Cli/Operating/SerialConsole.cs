using System.IO.Ports;
using System.Text;
using Spectre.Console;

namespace DeviceQueue.Cli.Operating;

/// <summary>Shows what a board writes to its serial console; goes on when the port comes back.</summary>
internal sealed class SerialConsole(Terminal terminal)
{
    /// <summary>nanoFramework's.</summary>
    public const int DefaultBaud = 921_600;

    // A line that never ends is cut here.
    private const int MaxLineChars = 4096;
    private const int PollMs = 100;
    private const string Gone = "the port is gone";

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(500);

    private readonly IAnsiConsole _console = terminal.CreateConsole();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();

    public async Task<int> Run(string name, int baud, CancellationToken cancellation)
    {
        bool wasOpen = false;
        bool isSaid = false;
        while (!cancellation.IsCancellationRequested)
        {
            using SerialPort port = new(name, baud) { ReadTimeout = PollMs };
            string? trouble = TryOpen(port);
            if (trouble == null)
            {
                terminal.Error.WriteLine($"{Plain.Text(name)} is open at {baud} baud. Ctrl-C ends it.");
                wasOpen = true;
                isSaid = false;
                trouble = await Task.Run(() => Read(port, cancellation), CancellationToken.None);
                Flush();
            }
            else if (!wasOpen)
            {
                string[] ports = SerialPort.GetPortNames();
                string others = ports.Length == 0 ? "no other was found" : $"there are {string.Join(", ", ports)}";
                terminal.Error.WriteLine(
                    $"error: port '{Plain.Text(name)}' cannot be opened: {trouble}; {others}");
                return ExitCode.NoConnection;
            }

            if (trouble != null && !isSaid)
            {
                terminal.Error.WriteLine($"{Plain.Text(name)}: {trouble}; waiting for it");
                isSaid = true;
            }

            await Task.WhenAny(Task.Delay(RetryInterval, cancellation));
        }

        return ExitCode.Done;
    }

    private static string? TryOpen(SerialPort port)
    {
        try
        {
            // On most boards these two lines reset the chip.
            port.DtrEnable = false;
            port.RtsEnable = false;
            port.Open();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            bool isThere = OperatingSystem.IsWindows() ? e is not FileNotFoundException : File.Exists(port.PortName);
            return !isThere ? "there is no such port"
                : e is UnauthorizedAccessException ? "another program has it, or this user has no right to it"
                : "it is no serial port, or does not do this speed";
        }
    }

    /// <summary>Reads until the end; gives why the port is gone, or null.</summary>
    private string? Read(SerialPort port, CancellationToken cancellation)
    {
        byte[] bytes = new byte[MaxLineChars];
        char[] chars = new char[MaxLineChars + 1];
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                int count = port.Read(bytes, 0, bytes.Length);
                if (count == 0)
                {
                    return Gone;
                }

                Take(chars.AsSpan(0, _decoder.GetChars(bytes, 0, count, chars, 0)));
            }
            catch (TimeoutException)
            {
                // Nothing was said meanwhile.
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
            {
                return Gone;
            }
        }

        return null;
    }

    private void Take(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (c == '\n' || _line.Length == MaxLineChars)
            {
                Flush();
            }

            if (c is not ('\n' or '\r'))
            {
                _line.Append(c);
            }
        }
    }

    private void Flush()
    {
        if (_line.Length == 0)
        {
            return;
        }

        string line = Plain.Text(_line.ToString());
        _line.Clear();
        string? color = line.Contains("] error ", StringComparison.Ordinal) ? "red"
            : line.Contains("] warn ", StringComparison.Ordinal) ? "yellow" : null;
        if (terminal.IsLive && color != null)
        {
            _console.MarkupLine($"[{color}]{Markup.Escape(line)}[/]");
        }
        else
        {
            terminal.Out.WriteLine(line);
        }

        terminal.Out.Flush();
    }
}
