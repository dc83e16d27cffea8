using System.Text.Json.Nodes;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>Devices that sleep: their settings, and a board that joins the Wi-Fi only to connect.</summary>
public sealed class Sleep_Tests : IDisposable
{
    private readonly Fleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void A_device_that_sleeps_is_told_so_and_its_board_does_not_join_the_Wi_Fi_by_itself()
    {
        _fleet.AddDevice("a", [.. Wifi(), "--board", "firebeetle2-esp32-e", "--sleep", "--connect-every", "12"]);
        _fleet.AddDevice("b", [.. Wifi(), "--sleep"]);

        JsonNode device = _fleet.Settings("a")["device"]!;
        Assert.True(device["sleep"]!.GetValue<bool>());
        Assert.Equal(12, device["connect_every"]!.GetValue<int>());
        Assert.Null(_fleet.Settings("b")["device"]!["connect_every"]);
        Assert.All((string[])["a", "b"], id => Assert.Equal("Enable", WifiOption(id)));
    }

    [Fact]
    public void What_is_asked_of_sleep_goes_over_a_settings_file_and_a_file_alone_is_enough()
    {
        string file = _fleet.WriteFile("own.json", """{"device":{"sleep":false,"interval_ms":600000}}""");
        string sleeping = _fleet.WriteFile("sleeping.json", """{"device":{"sleep":true}}""");

        _fleet.AddDevice("a", [.. Wifi(), "--settings", file, "--sleep"]);
        _fleet.AddDevice("b", [.. Wifi(), "--settings", sleeping]);

        JsonNode device = _fleet.Settings("a")["device"]!;
        Assert.Equal((true, 600000), (device["sleep"]!.GetValue<bool>(), device["interval_ms"]!.GetValue<int>()));
        Assert.Equal(("Enable", "Enable"), (WifiOption("a"), WifiOption("b")));
    }

    [Fact]
    public void A_table_says_which_of_its_devices_sleep()
    {
        string csv = _fleet.WriteFile("fleet.csv", "id;sleep;connect_every\na;TRUE;6\nb;;\nc;no;\n");

        _fleet.Do(["provision", "--csv", csv, "--broker", _fleet.Broker, .. Wifi()]);

        Assert.Equal(6, _fleet.Settings("a")["device"]!["connect_every"]!.GetValue<int>());
        Assert.Equal(
            ("Enable", "AutoConnect", "AutoConnect"), (WifiOption("a"), WifiOption("b"), WifiOption("c")));
    }

    [Fact]
    public void A_device_that_is_to_sleep_later_or_no_longer_gets_another_network_file_and_the_line_that_deploys_it()
    {
        const string Line = "nanoff --networkdeployment network.json";
        _fleet.AddDevice("a", Wifi());
        _fleet.AddDevice("b");
        string password = Network("a")["Password"]!.ToString();

        string slept = Set("a", """{"device":{"sleep":true}}""");
        Assert.Equal("Enable", WifiOption("a"));
        string changed = Set("a", """{"device":{"connect_every":4}}""");
        string woken = Set("a", """{"device":{"sleep":null}}""");

        Assert.Equal(("AutoConnect", password), (WifiOption("a"), Network("a")["Password"]!.ToString()));
        Assert.All([slept, woken], output => Assert.Contains(Line, output));
        Assert.DoesNotContain(Line, changed);
        Assert.DoesNotContain(Line, Set("b", """{"device":{"sleep":true}}"""));
    }

    [Theory]
    [InlineData("connect_every '12': it goes with sleep", "--connect-every", "12")]
    [InlineData("connect_every 'often': a whole number is allowed", "--sleep", "--connect-every", "often")]
    [InlineData("connect_every is \"0\"", "--sleep", "--connect-every", "0")]
    public void What_cannot_be_asked_of_sleep_is_refused_with_what_can_be(string error, params string[] asked)
    {
        Outcome outcome = _fleet.Run(["provision", "--id", "a", "--broker", _fleet.Broker, .. asked]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(error, outcome.Error);
        Assert.Empty(_fleet.Snapshot());
    }

    [Fact]
    public void A_second_run_that_asks_for_the_same_sleep_changes_nothing_and_for_another_is_refused()
    {
        _fleet.AddDevice("a", "--sleep", "--connect-every", "12");
        Dictionary<string, string> before = _fleet.Snapshot();

        _fleet.AddDevice("a", "--sleep", "--connect-every", "12");
        Outcome other = _fleet.Run(
            "provision", "--id", "a", "--broker", _fleet.Broker, "--sleep", "--connect-every", "6");

        Assert.Contains("another value of device.connect_every", other.Error);
        Assert.Equal(before, _fleet.Snapshot());
    }

    private string[] Wifi() => ["--wifi", "net", "--wifi-password-file", _fleet.WriteFile("wifi", "correct horse")];

    private string Set(string id, string settings) =>
        _fleet.Do("device", "set", id, "--settings", _fleet.WriteFile("set.json", settings));

    private JsonNode Network(string id) =>
        JsonNode.Parse(_fleet.Read("devices", id, "network.json"))!["WirelessClient"]!;

    private string WifiOption(string id) => Network(id)["ConfigurationOption"]!.ToString();
}
