using System.Text;
using System.Text.Json.Nodes;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>Tables and settings as spreadsheets, editors and shells save them.</summary>
public sealed class Tables_Tests : IDisposable
{
    private const string Umlauts = "id,wifi,wifi_password_file\na,Gewächshaus,wifi\n";

    private readonly Fleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Theory]
    [InlineData("utf-8", false)]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16BE", true)]
    public void A_table_in_Unicode_keeps_the_name_of_the_network(string encoding, bool hasMark)
    {
        _fleet.WriteFile("wifi", "correct horse");
        Encoding unicode = Encoding.GetEncoding(encoding);
        byte[] mark = hasMark ? unicode.GetPreamble() : [];
        string csv = _fleet.WriteFile("fleet.csv", [.. mark, .. unicode.GetBytes(Umlauts)]);

        _fleet.Do("provision", "--csv", csv, "--broker", _fleet.Broker);

        JsonNode network = JsonNode.Parse(_fleet.Read("devices", "a", "network.json"))!;
        Assert.Equal("Gewächshaus", network["WirelessClient"]!["Ssid"]!.ToString());
    }

    [Fact]
    public void A_table_in_another_encoding_is_refused_with_the_line_and_what_is_read()
    {
        _fleet.WriteFile("wifi", "correct horse");
        string csv = _fleet.WriteFile("fleet.csv", Encoding.Latin1.GetBytes(Umlauts));

        Outcome outcome = _fleet.Run("provision", "--csv", csv, "--broker", _fleet.Broker);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("the byte 0xE4 in line 2 is no UTF-8", outcome.Error);
        Assert.Contains("UTF-8, and UTF-16 with a byte order mark, are read", outcome.Error);
        Assert.Empty(_fleet.Snapshot());
    }

    [Theory]
    [InlineData("id;certificate\na;TRUE\nb;FALSE\n")]
    [InlineData("id\tcertificate\na\tTrue\nb\tno\n")]
    [InlineData("sep=;\nid;certificate\na;yes\nb;\n")]
    [InlineData("Id,Certificate\r\na,1\r\nb,0\r\n")]
    [InlineData("id,certificate,\na,TRUE,\nb,FALSE,\n")]
    [InlineData("id,certificate,,\na,TRUE,,\n,,,\nb,FALSE,,\n,,,\n")]
    [InlineData("id,certificate\na,TRUE,,\nb,FALSE\n")]
    [InlineData(" id ; certificate \n\"a\";\"TRUE\"\n \nb;\n")]
    public void A_table_is_taken_as_spreadsheets_write_it(string table)
    {
        string[] lines = table.Split('\n');
        string separator = table.Contains(';') ? ";" : table.Contains('\t') ? "\t" : ",";
        string second = _fleet.WriteFile("second.csv", Without(lines, 'a', separator));
        string first = _fleet.WriteFile("first.csv", Without(lines, 'b', separator));

        _fleet.Do("provision", "--csv", first, "--broker", _fleet.Broker);
        string other = $"mqtts://127.0.0.1:{_fleet.OperatorsPort}";
        _fleet.Do("provision", "--csv", second, "--broker", other, "--new-broker");

        Assert.True(File.Exists(_fleet.PathOf("devices", "a", "client.crt")));
        Assert.False(File.Exists(_fleet.PathOf("devices", "b", "client.crt")));
    }

    [Fact]
    public void A_settings_file_in_UTF_16_is_taken_and_a_boards_file_in_UTF_16_is_told_as_such()
    {
        byte[] text = Encoding.Unicode.GetBytes("""{"device":{"interval_ms":5000}}""");
        byte[] settings = [.. Encoding.Unicode.GetPreamble(), .. text];
        _fleet.AddDevice("a", "--settings", _fleet.WriteFile("settings.json", settings));
        Assert.Equal(5000, _fleet.Settings("a")["device"]!["interval_ms"]!.GetValue<int>());

        string file = _fleet.PathOf("devices", "a", "devicequeue.json");
        File.WriteAllText(file, File.ReadAllText(file), Encoding.Unicode);
        Outcome outcome = _fleet.Run("rotate", "a");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("devicequeue.json is UTF-16, and a board reads UTF-8", outcome.Error);
    }

    // Devices with and without a certificate cannot share a port: each goes in a run of its own.
    private static string Without(string[] lines, char id, string separator) => string.Join('\n', lines.Where(line =>
        line.Replace("\"", "", StringComparison.Ordinal).Split(separator)[0].Trim() != id.ToString()));
}
