using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Desktop;
using VirtualBoard;

namespace Simulator;

/// <summary>
/// The devicequeue.json that the board gets: the sample or the user's file, with what the command line puts in their
/// place.
/// </summary>
internal sealed class BoardConfiguration
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string _text;
    private readonly JsonObject? _root;

    private BoardConfiguration(string text, JsonObject? root)
    {
        _text = text;
        _root = root;
    }

    /// <summary>
    /// Gets the text for the board's storage. A file that is no JSON object goes there as it is: what the firmware says
    /// of it is what a user of a board sees.
    /// </summary>
    public string Text => _root == null ? _text : _root.ToJsonString(Indented);

    /// <summary>Gets a value indicating whether it names a broker.</summary>
    public bool HasConnection => _root != null && (_root.ContainsKey("connection") || _root.ContainsKey("connections"));

    /// <summary>Gets a value indicating whether it names a user of that broker.</summary>
    public bool HasCredential => Broker?.Username != null;

    /// <summary>Gets the device id as far as the file tells it.</summary>
    public string? Id => Find("device", "id")?.ToString();

    /// <summary>Gets the broker of the first connection, if the file names one that a client can use.</summary>
    public BrokerAddress? Broker
    {
        get
        {
            JsonNode? connection = _root?["connection"] ?? (_root?["connections"] as JsonArray)?.FirstOrDefault();
            JsonNode? credential = _root?["credential"] ?? (_root?["credentials"] as JsonArray)?.FirstOrDefault();
            BrokerAddress? address = (connection as JsonObject)?["uri"]?.ToString() is { } uri
                ? BrokerAddress.Parse(uri)
                : (connection as JsonObject)?["host"]?.ToString() is { } host
                    ? new BrokerAddress(
                    host,
                    int.TryParse(connection["port"]?.ToString(), out int port) ? port : 1883,
                    connection["protocol"]?.ToString() == "mqtts")
                    : null;
            return address?.Username != null || credential is not JsonObject
                ? address
                : address! with
                {
                    Username = credential["username"]?.ToString(),
                    Password = credential["password"]?.ToString(),
                };
        }
    }

    /// <summary>Gets the name of the file with the broker's authority, if there is one.</summary>
    public string? AuthorityFile => Find("tls", "ca")?.ToString();

    /// <summary>Gets the names of the outputs with their pins.</summary>
    public IEnumerable<(string Name, int Pin)> Outputs =>
        from output in Find("device", "outputs") as JsonArray ?? []
        where output is JsonObject
        let pin = int.TryParse(output["pin"]?.ToString(), out int number) ? number : -1
        where pin is >= 0 and < BoardModel.MaxPinCount
        select (output["name"]?.ToString() ?? "?", pin);

    /// <summary>Gets the names of the files that the board needs beside the configuration.</summary>
    public IEnumerable<string> TlsFiles =>
        new[] { "ca", "cert", "key" }.Select(key => Find("tls", key)?.ToString()).OfType<string>();

    /// <exception cref="UserException">The file cannot be read.</exception>
    public static BoardConfiguration Load(FileInfo? file, BoardModel board)
    {
        try
        {
            string text = file == null ? Sample(board) : File.ReadAllText(file.FullName);
            return new BoardConfiguration(text, Parse(text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--config {file}: {e.Message}", e);
        }
    }

    public void SetDevice(string key, JsonNode value)
    {
        if (_root != null)
        {
            (_root["device"] as JsonObject ?? AddDevice(_root))[key] = value;
        }
    }

    public void SetConnection(string uri)
    {
        if (_root == null)
        {
            return;
        }

        foreach (string key in (string[])["connection", "connections", "credential", "credentials"])
        {
            _root.Remove(key);
        }

        _root["connection"] = new JsonObject { ["uri"] = uri };
    }

    private static string Sample(BoardModel board) =>
        $$"""
        {
          "device": {
            "id": "demo",
            "interval_ms": 5000,
            "health_interval_ms": 30000,
            "outputs": [
              { "name": "relay1", "pin": {{board.Relay}} },
              { "name": "led", "pin": {{board.StatusLed}} }
            ]
          }
        }
        """;

    private static JsonObject AddDevice(JsonObject root)
    {
        JsonObject device = [];
        root["device"] = device;
        return device;
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private JsonNode? Find(string section, string key) => (_root?[section] as JsonObject)?[key];
}
