namespace DeviceQueue.SystemTests.Simulator;

/// <summary>The first try in a terminal, as a person sees it.</summary>
public sealed class Panel_Tests
{
    private const string CtrlC = "\x03";

    // The sample, but the next attempt to connect comes soon.
    private const string Impatient = """
        {"device":{"id":"demo","interval_ms":1000,"status_led":25,"outputs":[{"name":"relay1","pin":26}]},
        "options":{"reconnect_timeout":500,"reconnect_max":1000}}
        """;

    [Theory]
    [InlineData(80, 24)]
    [InlineData(100, 30)]
    [InlineData(160, 45)]
    public void The_panel_fits_and_its_lines_can_be_pasted_as_they_stand(int columns, int rows)
    {
        using TerminalProcess terminal = new(columns, rows, "--interval-ms 1000");

        terminal.WaitForRow("device", "demo", "all well");
        terminal.WaitForRow("reading", "°C", "%", "hPa", "s ago");
        terminal.WaitForRow("°C in ", "█"); // the curve
        terminal.WaitForRow("outputs", "○ relay1 off");
        terminal.WaitForRow("queue", "empty");
        terminal.WaitForRow("link", "Wi-Fi on", "(Mosquitto)", "connected");
        terminal.WaitForRow("warn  no device.command_key");
        string[] shown = terminal.Rows;
        Assert.Equal(columns, shown[0].Length);
        Assert.EndsWith("│", terminal.WaitForRow("outputs"));
        Assert.Contains(shown, row => row.StartsWith("  tools/devicequeue send demo output.toggle '{"));
        Assert.Contains(shown, row => row.StartsWith("  mosquitto_sub -h 127.0.0.1 -p"));

        int first = Array.FindIndex(shown, row => row.StartsWith("  mosquitto_pub"));
        int last = Array.FindIndex(shown, first, row => row.EndsWith("}'"));
        ToolProcess.Shell(string.Join('\n', shown[first..(last + 1)]));

        terminal.WaitForRow("outputs", "● relay1 on");
        terminal.WaitForRow("answer: output.toggle: succeeded");
    }

    [Theory]
    [InlineData("mosquitto", "(Mosquitto)")]
    [InlineData("embedded", "(embedded)")]
    public void Each_key_does_what_it_says_and_says_it(string broker, string shown)
    {
        string config = Path.GetTempFileName();
        File.WriteAllText(config, Impatient);
        using TerminalProcess terminal = new(100, 40, $"--config {config} --broker {broker}");
        terminal.WaitForRow("link", shown, " connected");
        terminal.WaitForRow("device", "all well");

        terminal.Press("t");
        terminal.WaitForRow("t: sent output.toggle");
        terminal.WaitForRow("● relay1 on");
        terminal.Press("t");
        terminal.WaitForRow("○ relay1 off");
        terminal.Press("p");
        terminal.WaitForRow("● relay1 on");
        terminal.WaitForRow("○ relay1 off");

        terminal.Press("b");
        terminal.WaitForRow("b: the broker is off");
        terminal.WaitForRow("link", $"{shown} off", "no connection");
        terminal.WaitForRow("device", "no broker");
        terminal.WaitForRow("queue", "waiting in flash");
        terminal.Press("t");
        terminal.WaitForRow("t: nothing sent: the broker is off");
        terminal.Press("b");
        terminal.WaitForRow("b: the broker is back");
        terminal.WaitForRow("link", shown, " connected");
        terminal.WaitForRow("queue", "empty");

        terminal.Press("w");
        terminal.WaitForRow("link", "Wi-Fi off", "not noticed yet");
        terminal.WaitForRow("link", "Wi-Fi off", "no connection");
        terminal.WaitForRow("device", "no Wi-Fi");
        terminal.Press("w");
        terminal.WaitForRow("link", "Wi-Fi on", " connected");
        terminal.WaitForRow("device", "all well");

        terminal.Press("s");
        terminal.WaitForRow("s: the sensor is unplugged");
        terminal.WaitForRow("device", "sensor fault");
        terminal.Press("s");
        terminal.WaitForRow("device", "all well");

        terminal.Press("r");
        terminal.WaitForRow("device", "boot 2");
        terminal.Press("c");
        terminal.WaitForRow("device", "no power");
        terminal.Press("r");
        terminal.WaitForRow("r: the board has no power");
        terminal.Press("c");
        terminal.WaitForRow("device", "boot 3");
        terminal.WaitForRow("link", " connected");

        terminal.Press("q");
        AssertGoodEnd(terminal);
        File.Delete(config);
    }

    [Theory]
    [InlineData("mosquitto")]
    [InlineData("embedded")]
    public void Ctrl_C_ends_in_plain_words_with_the_terminal_as_it_was(string broker)
    {
        using TerminalProcess terminal = new(100, 30, $"--broker {broker}");
        terminal.WaitForRow("device", "all well");

        terminal.Press(CtrlC);

        AssertGoodEnd(terminal);
    }

    [Fact]
    public void Without_colours_it_is_the_same_panel()
    {
        using TerminalProcess terminal = new(80, 24, "", "TERM=xterm NO_COLOR=1");
        terminal.WaitForRow("device", "all well");
        Assert.False(terminal.HasColors);

        using TerminalProcess colored = new(80, 24, "");
        colored.WaitForRow("device", "all well");
        Assert.True(colored.HasColors);
    }

    [Fact]
    public void A_terminal_that_can_do_no_more_gets_one_line_a_reading()
    {
        using TerminalProcess terminal = new(80, 24, "--interval-ms 1000", "TERM=dumb");
        terminal.WaitForLine("#3");

        terminal.Press("t");
        terminal.WaitForLine("relay1 on (GPIO 26 HIGH)");
        terminal.Press(CtrlC);

        Assert.Equal(0, terminal.WaitForExit());
        Assert.DoesNotContain('\e', terminal.Lines);
        string[] readings = [.. terminal.Lines.Split("\r\n").Where(line => line.Contains(" reading "))];
        Assert.True(readings.Length >= 3);
        Assert.All(readings, line => Assert.InRange(line.Length, 40, 80));
        Assert.Contains("demo said offline.", terminal.Lines);
    }

    [Fact]
    public void The_announcement_to_Home_Assistant_is_shown()
    {
        string config = Path.GetTempFileName();
        File.WriteAllText(
            config, """{"device":{"id":"ha","discovery":true,"outputs":[{"name":"pump","pin":26}]}}""");
        using TerminalProcess terminal = new(100, 30, $"--config {config}");

        terminal.WaitForRow("Home Assistant: announced with 3 sensors and 1 output");
        File.Delete(config);
    }

    [Fact]
    public void A_person_with_a_wrong_option_sees_one_sentence_and_no_panel()
    {
        using TerminalProcess terminal = new(80, 24, "--interval-ms 5");

        Assert.Equal(1, terminal.WaitForExit());
        Assert.Equal("--interval-ms 5: a whole number from 1000 to 86400000 is allowed\r\n", terminal.Lines);
    }

    private static void AssertGoodEnd(TerminalProcess terminal)
    {
        Assert.Equal(0, terminal.WaitForExit());
        Assert.False(terminal.IsPanel);
        Assert.False(terminal.IsCursorHidden);
        Assert.Equal("demo said offline.\r\nThe broker is stopped.\r\n", terminal.Lines);
    }
}
