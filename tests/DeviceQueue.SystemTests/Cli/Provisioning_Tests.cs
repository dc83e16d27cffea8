using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.Configuration;
using DeviceQueue.Settings;
using DeviceQueue.Text;

namespace DeviceQueue.SystemTests.Cli;

public sealed class Provisioning_Tests : IDisposable
{
    private const string WifiPassword = "correct horse";

    private readonly Fleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void A_device_gets_settings_that_the_firmware_takes_and_the_lines_that_flash_it()
    {
        string password = _fleet.WriteFile("wifi", WifiPassword + "\n");
        string output = _fleet.AddDevice(
            "greenhouse-1", "--wifi", "my network", "--wifi-password-file", password);

        byte[] file = File.ReadAllBytes(_fleet.PathOf("devices", "greenhouse-1", "devicequeue.json"));
        ConfigProblems problems = new();
        JsonConfigReader reader = new("devicequeue.json", new BytesSource(file, file.Length), problems);
        DeviceSettings settings = SettingsDraft.Read(reader, null, "other").Device;
        Assert.Equal((0, 0), (problems.ErrorCount, problems.WarningCount));
        Assert.Equal("greenhouse-1", settings.Id);
        Assert.Equal(32, settings.CommandKey.Length);
        JsonNode wifi = JsonNode.Parse(_fleet.Read("devices", "greenhouse-1", "network.json"))!["WirelessClient"]!;
        Assert.Equal(
            ("my network", WifiPassword, "WPA2", "WPA2_PSK2"),
            (Text(wifi, "Ssid"), Text(wifi, "Password"), Text(wifi, "Authentication"), Text(wifi, "Encryption")));
        Assert.Equal("AutoConnect", Text(wifi, "ConfigurationOption"));
        Assert.Equal(
            [@"I:\devicequeue.json from devicequeue.json", @"I:\ca.crt from ca.crt"],
            JsonNode.Parse(_fleet.Read("devices", "greenhouse-1", "files.json"))!["Files"]!
                .AsArray()
                .Select(f => $"{f!["DestinationFilePath"]} from {f["SourceFilePath"]}"));
        Assert.Contains($"cd \"{_fleet.PathOf("devices", "greenhouse-1")}\"", output);
        Assert.Contains($"mosquitto -c \"{_fleet.PathOf("broker", "mosquitto.conf")}\"", output);
        Assert.All(
            (string[])
            [
                "nanoff --update --target ESP32_PSRAM_REV0",
                "nanoff --networkdeployment network.json",
                "nanoff --filedeployment files.json",
                "--deploy --image DeviceQueue.Esp32.bin",
            ],
            line => Assert.Contains(line, output));
    }

    [Fact]
    public void Settings_of_ones_own_are_added_and_checked_as_the_board_does()
    {
        string good = _fleet.WriteFile(
            "good.json",
            """{"device":{"interval_ms":30000,"outputs":[{"name":"relay1","pin":26}]},"options":"""
            + """{"max_messages":32}}""");
        string flash = _fleet.WriteFile("flash.json", """{"device":{"outputs":[{"name":"relay1","pin":6}]}}""");
        string secret = _fleet.WriteFile("secret.json", """{"credential":{"username":"root"}}""");

        _fleet.AddDevice("a", "--settings", good);
        AssertRefused(
            "pins 6 to 11 are wired to the flash",
            "provision", "--id", "b", "--broker", _fleet.Broker, "--settings", flash);
        AssertRefused(
            "credential is made here",
            "provision", "--id", "b", "--broker", _fleet.Broker, "--settings", secret);

        JsonNode settings = _fleet.Settings("a");
        Assert.Equal(30000, settings["device"]!["interval_ms"]!.GetValue<int>());
        Assert.Equal("relay1", Text(settings["device"]!["outputs"]![0]!, "name"));
        Assert.Equal(32, settings["options"]!["max_messages"]!.GetValue<int>());
    }

    [Fact]
    public void Each_device_has_a_board_whose_pins_are_checked_and_whose_image_is_flashed()
    {
        string csv = _fleet.WriteFile(
            "fleet.csv", "id,board\na,\nb,esp32-c3\nc,esp32-s3-devkitc-1\ne,firebeetle2-esp32-e\n");
        string free = _fleet.WriteFile("free.json", """{"device":{"status_led":4}}""");
        string usb = _fleet.WriteFile("usb.json", """{"device":{"status_led":19}}""");

        _fleet.Do("provision", "--csv", csv, "--broker", _fleet.Broker, "--settings", free);

        Assert.StartsWith("nanoff --update --target ESP32_PSRAM_REV0 ", _fleet.Read("devices", "a", "flash.txt"));
        Assert.StartsWith("nanoff --update --target ESP32_C3 ", _fleet.Read("devices", "b", "flash.txt"));
        Assert.StartsWith("nanoff --update --target ESP32_S3_OCTAL ", _fleet.Read("devices", "c", "flash.txt"));
        Assert.StartsWith("nanoff --update --target ESP32_PSRAM_REV0 ", _fleet.Read("devices", "e", "flash.txt"));
        Assert.Equal("firebeetle2-esp32-e\n", _fleet.Read("devices", "e", "board.txt"));
        _fleet.Do("device", "set", "a", "--settings", usb);
        AssertRefused(
            "pin 19 is not allowed, it is a data line of the chip's USB port", "device", "set", "b", "--settings", usb);
        string[] d = ["provision", "--id", "d", "--broker", _fleet.Broker];
        AssertRefused("data line of the chip's USB port", [.. d, "--board", "esp32-c3", "--settings", usb]);
    }

    [Fact]
    public void A_device_keeps_its_board_unless_another_is_asked_for_which_is_refused()
    {
        _fleet.AddDevice("a", "--board", "esp32-c3");
        _fleet.AddDevice("b");
        File.Delete(_fleet.PathOf("devices", "b", "board.txt")); // as those of before there was a choice

        Assert.Contains("is there already, and stays as it is", _fleet.AddDevice("a"));
        Assert.Contains("is there already, and stays as it is", _fleet.AddDevice("b", "--board", "esp32"));
        AssertRefused(
            "a is there with other settings: board esp32-c3-devkitm-1, asked for esp32-devkitc",
            "provision", "--id", "a", "--broker", _fleet.Broker, "--board", "esp32");
        File.WriteAllText(_fleet.PathOf("devices", "a", "board.txt"), "esp8266");
        AssertRefused(
            "board.txt: board 'esp8266': esp32-devkitc, ", "provision", "--id", "c", "--broker", _fleet.Broker);
    }

    [Fact]
    public void Fifty_devices_are_made_in_one_go_and_a_second_run_changes_nothing()
    {
        string wifi = _fleet.WriteFile("wifi", WifiPassword);
        string settings = _fleet.WriteFile("relay.json", """{"device":{"outputs":[{"name":"relay1","pin":26}]}}""");
        StringBuilder table = new("id,wifi,wifi_password_file,settings,certificate\n");
        for (int i = 1; i <= 50; i++)
        {
            string own = i % 2 == 0 ? Path.GetFileName(settings) : "";
            table.Append($"field-{i:00},\"north, upper\",{Path.GetFileName(wifi)},{own},\n");
        }

        string csv = _fleet.WriteFile("fleet.csv", table.ToString());
        string first = _fleet.Do("provision", "--csv", csv, "--broker", _fleet.Broker);
        _fleet.AddOperator("alice");
        Dictionary<string, string> before = _fleet.Snapshot();

        string second = _fleet.Do("provision", "--csv", csv, "--broker", _fleet.Broker);
        _fleet.AddOperator("alice");
        string third = _fleet.Do("provision", "--id", "field-07", "--broker", _fleet.Broker);

        Assert.Equal(before, _fleet.Snapshot());
        Assert.Contains("field-50: ", first);
        Assert.Contains("50 of 50 are there already", second);
        Assert.Contains("field-07 is there already", third);
        Assert.Equal(50, Enumerable.Range(1, 50).Select(i => _fleet.Password($"field-{i:00}")).Distinct().Count());
        Assert.Equal(50, File.ReadAllLines(_fleet.DevicesPasswords).Length);
        Assert.Equal("relay1", Text(_fleet.Settings("field-08")["device"]!["outputs"]![0]!, "name"));
        Assert.Equal(
            "north, upper",
            Text(JsonNode.Parse(_fleet.Read("devices", "field-09", "network.json"))!["WirelessClient"]!, "Ssid"));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Secrets_are_for_their_owners_eyes_only_and_never_printed()
    {
        string output = _fleet.AddDevice(
            "a", "--wifi", "net", "--wifi-password-file", _fleet.WriteFile("wifi", WifiPassword), "--certificate");
        output += _fleet.AddOperator("alice");
        string oldPassword = _fleet.Password("a");
        output += _fleet.Do("rotate", "a");
        string[] secrets =
        [
            oldPassword, _fleet.Password("a"), Text(_fleet.Settings("a")["device"]!, "command_key"), WifiPassword,
        ];
        output += _fleet.Run("provision", "--id", "a", "--broker", "mqtts://me:hidden1@127.0.0.1").Error;
        output += _fleet.Do("revoke", "alice");

        Assert.All([.. secrets, "hidden1"], secret => Assert.DoesNotContain(secret, output));
        Assert.All(
            Directory.GetFiles(_fleet.Folder, "*", SearchOption.AllDirectories),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.All(
            Directory.GetDirectories(_fleet.Folder, "*", SearchOption.AllDirectories),
            folder => Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(folder)));
    }

    [Theory]
    [InlineData("broker 'mqtt://h': mqtts://host", "--id", "b", "--broker", "mqtt://h")]
    [InlineData("broker 'mqtts://h:0': mqtts://host", "--id", "b", "--broker", "mqtts://h:0")]
    [InlineData("broker 'mqtts://': mqtts://host", "--id", "b", "--broker", "mqtts://")]
    [InlineData("broker 'mqtts://a..b': mqtts://host", "--id", "b", "--broker", "mqtts://a..b")]
    [InlineData("broker '(hidden)@h'", "--id", "b", "--broker", "mqtts://u:p@h")]
    [InlineData("id 'a/b': 1 to 32 of", "--id", "a/b", "--broker", "mqtts://h")]
    [InlineData("id '..': 1 to 32 of", "--id", "..", "--broker", "mqtts://h")]
    [InlineData("broker 'mqtts://999.1.1.1': mqtts://host", "--id", "b", "--broker", "mqtts://999.1.1.1")]
    [InlineData("broker 'mqtts://10.0.0': mqtts://host", "--id", "b", "--broker", "mqtts://10.0.0")]
    [InlineData("broker 'mqtts://01.2.3.4': mqtts://host", "--id", "b", "--broker", "mqtts://01.2.3.4")]
    [InlineData("broker 'mqtts://h?x': mqtts://host", "--id", "b", "--broker", "mqtts://h\nx")]
    [InlineData("id 'con': Windows has no folder of this name", "--id", "con", "--broker", "mqtts://h")]
    [InlineData("id 'NUL': Windows has no folder of this name", "--id", "NUL", "--broker", "mqtts://h")]
    [InlineData("id '-rf': a name that begins with - is an option", "--id=-rf", "--broker", "mqtts://h")]
    [InlineData(
        "Taken is the name of a device already, but for capitals: taken",
        "--id", "Taken", "--broker", "mqtts://h")]
    [InlineData("Alice is the name of an operator already, but for capitals", "--id", "Alice", "--broker", "mqtts://h")]
    [InlineData("--id or --csv is needed", "--broker", "mqtts://h")]
    [InlineData("board 'esp8266': esp32-devkitc", "--id", "b", "--broker", "mqtts://h", "--board", "esp8266")]
    [InlineData("1 to 32 bytes", "--id", "b", "--broker", "mqtts://h", "--wifi", "")]
    [InlineData("/no/such.json", "--id", "b", "--broker", "mqtts://h", "--settings", "/no/such.json")]
    [InlineData("--csv /no/such.csv", "--csv", "/no/such.csv")]
    [InlineData(
        "taken is there with other settings: broker mqtts://h:8883, asked for mqtts://other:8883",
        "--id", "taken", "--broker", "mqtts://other")]
    [InlineData("alice is the name of an operator already", "--id", "alice", "--broker", "mqtts://h")]
    [InlineData(
        "taken is there with other settings: no certificate",
        "--id", "taken", "--broker", "mqtts://h", "--certificate")]
    [InlineData(
        "taken has none. Give those with a certificate a port of their own",
        "--id", "b", "--broker", "mqtts://h", "--certificate")]
    [InlineData("port 9000 is that of devices (b) and of operators (alice)", "--id", "b", "--broker", "mqtts://h:9000")]
    public void Bad_input_is_an_error_that_says_what_is_allowed_and_changes_nothing(
        string error, params string[] arguments)
    {
        _fleet.Do("provision", "--id", "taken", "--broker", "mqtts://h");
        _fleet.Do("operator", "--name", "alice", "--broker", "mqtts://h:9000");

        AssertRefused(error, ["provision", .. arguments]);
    }

    [Theory]
    [InlineData("line 3: id 'b b': 1 to 32", "id,broker\na,mqtts://h\nb b,mqtts://h\n")]
    [InlineData("broker is needed for a", "id\na\n")]
    [InlineData("line 3: 1 cells, and the first row has 2", "id,broker\na,mqtts://h\nb\n")]
    [InlineData("line 1: the names of columns are id, broker", "id,colour\na,green\n")]
    [InlineData("line 1: the names of columns are id, broker", "broker\nmqtts://h\n")]
    [InlineData("line 2: a quotation mark is not closed", "id,broker\n\"a,mqtts://h\n")]
    [InlineData("line 2: certificate 'maybe'", "id,broker,certificate\na,mqtts://h,maybe\n")]
    [InlineData("a is asked for twice", "id,broker\na,mqtts://h\na,mqtts://h\n")]
    [InlineData("a first row with the names of columns is needed", "\n")]
    public void A_table_with_one_bad_line_makes_no_device_at_all(string error, string table) =>
        AssertRefused(error, "provision", "--csv", _fleet.WriteFile("fleet.csv", table));

    [Fact]
    public void A_Wi_Fi_without_its_password_is_an_error_that_says_how_to_give_it()
    {
        Assert.SkipUnless(Console.IsInputRedirected, "It would be asked for.");
        AssertRefused(
            "--wifi-password-file FILE, or the variable DEVICEQUEUE_WIFI_PASSWORD",
            "provision", "--id", "a", "--broker", _fleet.Broker, "--wifi", "net");
    }

    [Theory]
    [InlineData(7, 'x')]
    [InlineData(8, '\u00e4')]
    [InlineData(8, '\t')]
    [InlineData(64, 'g')]
    [InlineData(65, '0')]
    public void A_password_that_is_none_for_Wi_Fi_is_an_error_that_says_what_is_allowed(int length, char letter)
    {
        string file = _fleet.WriteFile("wifi", new string(letter, length));
        string[] wifi = ["--wifi", "net", "--wifi-password-file", file];

        AssertRefused(
            "the password of the Wi-Fi 'net': 8 to 63 printable ASCII characters, or 64 hexadecimal digits",
            ["provision", "--id", "a", "--broker", _fleet.Broker, .. wifi]);
    }

    [Theory]
    [InlineData(0, 'x')]
    [InlineData(8, '~')]
    [InlineData(63, 'g')]
    [InlineData(64, 'F')]
    public void A_passphrase_a_key_and_an_open_network_are_taken_as_a_Wi_Fis_password(int length, char letter)
    {
        string password = new(letter, length);
        _fleet.AddDevice("a", "--wifi", "net", "--wifi-password-file", _fleet.WriteFile("wifi", password));

        JsonNode wifi = JsonNode.Parse(_fleet.Read("devices", "a", "network.json"))!["WirelessClient"]!;
        Assert.Equal(password, Text(wifi, "Password"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"WirelessClient":null}""")]
    [InlineData("""{"WirelessClient":"net"}""")]
    [InlineData("""{"WirelessClient":{"Password":"correct horse"}}""")]
    [InlineData("""{"WirelessClient":{"Ssid":"net"}}""")]
    [InlineData("""{"WirelessClient":{"Ssid":"net","Password":null}}""")]
    [InlineData("""{"WirelessClient":{"Ssid":["net"],"Password":"correct horse"}}""")]
    public void A_network_file_that_lacks_something_is_an_error_that_names_it_and_what_is_needed(string content)
    {
        string[] wifi = ["--wifi", "net", "--wifi-password-file", _fleet.WriteFile("wifi", WifiPassword)];
        _fleet.AddDevice("a", wifi);
        string network = _fleet.PathOf("devices", "a", "network.json");
        File.WriteAllText(network, content);

        AssertRefused(
            $"{network}: WirelessClient with the strings Ssid and Password is needed",
            ["provision", "--id", "a", "--broker", _fleet.Broker, .. wifi]);
    }

    [Theory]
    [InlineData("revoke", "a")]
    [InlineData("rotate", "a")]
    [InlineData("device", "set", "a", "--settings")]
    [InlineData("send", "a", "device.ping")]
    [InlineData("watch", "a")]
    public void A_folder_that_is_not_there_is_an_error_and_is_not_made_where_nothing_is_to_be_added(
        params string[] command)
    {
        string[] settings = command[0] == "device" ? [_fleet.WriteFile("settings.json", "{}")] : [];

        Outcome outcome = _fleet.Run([.. command, .. settings]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains($"--out {_fleet.Folder}: there is no such folder", outcome.Error);
        Assert.False(Directory.Exists(_fleet.Folder));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_an_error()
    {
        File.WriteAllText(_fleet.Folder, "a file");

        Outcome outcome = _fleet.Run("provision", "--id", "a", "--broker", _fleet.Broker);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains($"{_fleet.Folder} cannot be written", outcome.Error);
    }

    [Fact]
    public void A_name_that_is_taken_by_something_else_in_the_folder_stops_it_before_anything_is_in_place()
    {
        _fleet.AddDevice("a");
        File.WriteAllText(_fleet.PathOf("devices", "c"), "a file of somebody's");
        string csv = _fleet.WriteFile("fleet.csv", "id\nb\nc\n");

        AssertRefused("nothing was changed", "provision", "--csv", csv, "--broker", _fleet.Broker);
    }

    [Fact]
    public void What_a_run_that_was_cut_off_left_is_named_and_left_alone_until_it_is_deleted()
    {
        _fleet.AddDevice("a");
        Directory.CreateDirectory(_fleet.PathOf(".unfinished", "devices", "b"));
        File.WriteAllText(_fleet.PathOf(".unfinished", "devices", "b", "devicequeue.json"), "half");

        AssertRefused(
            $"{_fleet.PathOf(".unfinished")} is left from a run that was cut off",
            "provision", "--id", "b", "--broker", _fleet.Broker);
        Directory.Delete(_fleet.PathOf(".unfinished"), recursive: true);
        _fleet.AddDevice("b");
    }

    [Fact]
    public void A_cut_between_the_devices_and_the_brokers_files_is_made_good_by_the_next_run()
    {
        _fleet.AddDevice("a");
        Dictionary<string, string> before = _fleet.Snapshot();
        File.Delete(_fleet.PathOf("broker", "server.key"));
        File.Delete(_fleet.PathOf("broker", $"{_fleet.DevicesPort}.acl"));
        File.WriteAllText(_fleet.DevicesPasswords, "");

        _fleet.AddDevice("a");

        Assert.Equal(before.Keys.Order(), _fleet.Snapshot().Keys.Order());
        Assert.Equal(
            before[Path.Combine("broker", $"{_fleet.DevicesPort}.acl")],
            _fleet.Snapshot()[Path.Combine("broker", $"{_fleet.DevicesPort}.acl")]);
        Assert.StartsWith("a:$7$", File.ReadAllText(_fleet.DevicesPasswords));
    }

    [Theory]
    [InlineData("devices/a is incomplete: ca.crt is missing", "devices/a/ca.crt", null)]
    [InlineData("devices/a is incomplete: devicequeue.json is missing", "devices/a/devicequeue.json", null)]
    [InlineData("devices/a/devicequeue.json: line 1: no JSON", "devices/a/devicequeue.json", "{ half")]
    [InlineData(
        "devices/a/devicequeue.json is not what was made for a",
        "devices/a/devicequeue.json",
        """{"device":{"id":"b"},"connection":{"host":"h"}}""")]
    [InlineData(
        "devices/a/devicequeue.json: Duplicate property 'device'",
        "devices/a/devicequeue.json",
        """{"device":{"id":"a"},"device":{}}""")]
    [InlineData("ca is incomplete: ca.key is missing", "ca/ca.key", null)]
    [InlineData("ca.crt and ca.key are not a certificate and its key", "ca/ca.key", "nonsense")]
    public void A_damaged_folder_is_an_error_that_names_the_file(string error, string file, string? content)
    {
        _fleet.AddDevice("a");
        File.Delete(_fleet.PathOf(file));
        if (content != null)
        {
            File.WriteAllText(_fleet.PathOf(file), content);
        }

        AssertRefused(error, "provision", "--id", "b", "--broker", _fleet.Broker);
    }

    [Fact]
    public void Without_the_authority_nobody_makes_another_one()
    {
        _fleet.AddDevice("a");
        Directory.Delete(_fleet.PathOf("ca"), recursive: true);

        AssertRefused("ca is missing: put it back", "provision", "--id", "b", "--broker", _fleet.Broker);
    }

    [Fact]
    public void Rotate_gives_new_secrets_and_leaves_what_somebody_wrote_beside_them()
    {
        _fleet.AddDevice("a");
        _fleet.AddDevice("b");
        JsonNode old = _fleet.Settings("a");
        old["device"]!["interval_ms"] = 5000;
        File.WriteAllText(_fleet.PathOf("devices", "a", "devicequeue.json"), old.ToJsonString());
        string[] passwords = File.ReadAllLines(_fleet.DevicesPasswords);

        string output = _fleet.Do("rotate", "a");

        JsonNode rotated = _fleet.Settings("a");
        Assert.NotEqual(old["credential"]!["password"]!.ToString(), rotated["credential"]!["password"]!.ToString());
        Assert.NotEqual(old["device"]!["command_key"]!.ToString(), rotated["device"]!["command_key"]!.ToString());
        Assert.Equal(5000, rotated["device"]!["interval_ms"]!.GetValue<int>());
        string[] now = File.ReadAllLines(_fleet.DevicesPasswords);
        Assert.NotEqual(passwords[0], now[0]);
        Assert.Equal(passwords[1], now[1]);
        Assert.Contains("nanoff --filedeployment files.json", output);
        AssertRefused("there is no device 'c'", "rotate", "c");
    }

    [Fact]
    public void Revoke_leaves_nothing_of_a_device_and_all_of_the_others()
    {
        _fleet.AddDevice("a");
        Dictionary<string, string> before = _fleet.Snapshot();
        _fleet.AddDevice("b");

        _fleet.Do("revoke", "b");

        Assert.Equal(before, _fleet.Snapshot());
        AssertRefused("there is no device 'b'", "revoke", "b");
    }

    [Theory]
    [InlineData("--broker", "mqtts://broker.example")]
    [InlineData("--broker", "mqtts://broker.example", "--certificate")]
    [InlineData("--broker", "mqtts://127.0.0.1", "--certificate")]
    public void A_port_whose_last_device_is_revoked_stays_as_it_is_until_it_gets_another(params string[] device)
    {
        _fleet.Do(["provision", "--id", "a", .. device]);
        _fleet.Do("operator", "--name", "alice", "--broker", "mqtts://broker.example:8884");
        string before = _fleet.Read("broker", "mosquitto.conf");

        string first = _fleet.Do("revoke", "a");
        string second = _fleet.Do("revoke", "alice");

        Assert.Equal(before, _fleet.Read("broker", "mosquitto.conf"));
        Assert.All([first, second], output => Assert.DoesNotContain("started again", output));
        _fleet.Do("provision", "--id", "b", "--broker", "mqtts://127.0.0.1");
        string after = _fleet.Read("broker", "mosquitto.conf");
        Assert.Contains("listener 8883 127.0.0.1\nallow_anonymous false\n", after);
        Assert.Contains("8883.passwords\n", after);
        Assert.DoesNotContain("require_certificate", after);
    }

    [Fact]
    public void A_port_that_nobody_uses_names_the_files_where_they_are_when_the_folder_has_moved()
    {
        _fleet.Do("provision", "--id", "a", "--broker", "mqtts://broker.example", "--certificate");
        _fleet.Do("revoke", "a");
        string moved = _fleet.Folder + " moved";
        Directory.Move(_fleet.Folder, moved);

        Outcome outcome =
            _fleet.RunIn(moved, "operator", "--name", "alice", "--broker", "mqtts://broker.example:8884");

        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        string configuration = File.ReadAllText(Path.Combine(moved, "broker", "mosquitto.conf"));
        Assert.Contains("listener 8883\n", configuration);
        Assert.Contains("require_certificate true", configuration);
        Assert.DoesNotContain(_fleet.Folder + Path.DirectorySeparatorChar, configuration);
    }

    [Fact]
    public void A_certificate_is_the_devices_own_and_the_boards_files_name_it()
    {
        _fleet.AddDevice("a", "--certificate");

        JsonNode tls = _fleet.Settings("a")["tls"]!;
        Assert.Equal(("ca.crt", "client.crt", "client.key"), (Text(tls, "ca"), Text(tls, "cert"), Text(tls, "key")));
        Assert.Equal(4, JsonNode.Parse(_fleet.Read("devices", "a", "files.json"))!["Files"]!.AsArray().Count);
        Assert.Contains("require_certificate true", _fleet.Read("broker", "mosquitto.conf"));
    }

    [Fact]
    public void Operators_get_the_port_behind_the_devices_when_nobody_says_otherwise()
    {
        _fleet.Do("provision", "--id", "a", "--broker", "mqtts://broker.example:8883");

        _fleet.Do("operator", "--name", "alice");

        Assert.Equal(
            8884,
            JsonNode.Parse(_fleet.Read("operators", "alice", "operator.json"))!["connection"]!["port"]!
                .GetValue<int>());
        Assert.Contains("listener 8883\n", _fleet.Read("broker", "mosquitto.conf"));
        Assert.Contains("listener 8884\n", _fleet.Read("broker", "mosquitto.conf"));
    }

    private static string Text(JsonNode node, string key) => node[key]!.ToString();

    private void AssertRefused(string error, params string[] arguments)
    {
        Dictionary<string, string> before = _fleet.Snapshot();

        Outcome outcome = _fleet.Run(arguments);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(error, outcome.Error);
        Assert.StartsWith("error: ", outcome.Error);
        Assert.Equal(before, _fleet.Snapshot());
    }
}
