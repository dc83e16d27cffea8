using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;
using VirtualBoard;
using FirmwareBoard = DeviceQueue.Esp32.Boards.Board;

namespace Simulator;

/// <summary>
/// The devicequeue.json that the board gets: the sample or the user's file, with what the command line puts in their
/// place.
/// </summary>
internal sealed class BoardConfiguration
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string? _file;
    private readonly string _text;
    private readonly JsonObject? _root;
    private readonly Dictionary<string, string> _options = []; // by the key that the option stands for

    private BoardConfiguration(string? file, string text, JsonObject? root)
    {
        _file = file;
        _text = text;
        _root = root;
    }

    public string Text => _root == null ? _text : _root.ToJsonString(Indented);

    /// <summary>Gets a value indicating whether it names a broker.</summary>
    public bool HasConnection => _root != null && (_root.ContainsKey("connection") || _root.ContainsKey("connections"));

    /// <summary>Gets the names of the files that the board needs beside the configuration.</summary>
    public IEnumerable<string> TlsFiles =>
        new[] { "ca", "cert", "key" }.Select(key => (_root?["tls"] as JsonObject)?[key]?.ToString()).OfType<string>();

    private string Folder => Path.GetDirectoryName(_file) is { Length: > 0 } folder ? folder : ".";

    /// <exception cref="UserException">The file cannot be read.</exception>
    public static BoardConfiguration Load(SimulatorOptions options)
    {
        string? file = options.Config?.FullName;
        BoardConfiguration configuration = new(file, file == null ? Sample(options) : Read(file), null);
        configuration = new BoardConfiguration(file, configuration._text, Parse(configuration._text));
        if (options.Id != null)
        {
            configuration.SetDevice("id", options.Id, $"--id {options.Id}");
        }

        configuration.SetNumber("interval_ms", "--interval-ms", options.IntervalMs);
        configuration.SetNumber("connect_every", "--connect-every", options.ConnectEvery);
        if (options.IsSleeping)
        {
            configuration.SetDevice("sleep", true, "--sleep");
        }

        return configuration;
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

    /// <summary>Reads it as the board will.</summary>
    /// <exception cref="UserException">With it the board would stay offline; the text names the option or the file,
    /// what it has and what is allowed.</exception>
    public SettingsLoader Check(BoardModel board)
    {
        byte[] text = Encoding.UTF8.GetBytes(Text);
        ReadOnlyStore store = new(name => name == SettingsLoader.FileName ? text
            : TlsFiles.Contains(name) && File.Exists(PathOf(name)) ? File.ReadAllBytes(PathOf(name))
            : null);
        SettingsLoader loader = new(store, FirmwareBoard.Find(board.TargetName, board.PsramSize > 0));
        if (!loader.Load(BoardView.DefaultId))
        {
            string error = loader.Problems.GetError(0);
            throw new UserException(NameOption(error) ?? (_file == null ? error : $"--config {_file}: {error}"));
        }

        return loader;
    }

    /// <summary>Gets where a file of the configuration is on this computer.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    // What sleeps has its own interval, and takes commands for longer: its time passes faster than the sender's.
    private static string Sample(SimulatorOptions options) => options.IsSleeping
        ? Sample(options.Board, """
            "connect_every": 3,
            "command_ttl_ms": 176400000,
            """)
        : Sample(options.Board, """
            "interval_ms": 5000,
            "health_interval_ms": 30000,
            """);

    private static string Sample(BoardModel board, string times) =>
        $$"""
        {
          "device": {
            "id": "demo",
            {{times}}
            "status_led": {{board.StatusLed}},
            "outputs": [
              { "name": "relay1", "pin": {{board.Relay}} }
            ]
          }
        }
        """;

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserException($"--config {file}: there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--config {file}: it cannot be read as a file", e);
        }
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // the firmware says what is wrong with it
        }
    }

    private void SetNumber(string key, string option, string? text)
    {
        if (text != null)
        {
            bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            SetDevice(key, isNumber ? number : text, $"{option} {text}");
        }
    }

    private void SetDevice(string key, JsonNode value, string option)
    {
        _options[$"device.{key}"] = option;
        if (_root != null)
        {
            if (_root["device"] is not JsonObject device)
            {
                device = [];
                _root["device"] = device;
            }

            device[key] = value;
        }
    }

    /// <summary>Says an error of the firmware about a key as one about the option that set it.</summary>
    private string? NameOption(string error)
    {
        const string Reason = "\": ";
        (string key, string option) = _options.FirstOrDefault(
            o => error.StartsWith($"{o.Key} is \"", StringComparison.Ordinal));
        int reason = error.IndexOf(Reason, StringComparison.Ordinal);
        return key == null || reason < 0 ? null : $"{option}: {error[(reason + Reason.Length)..]}";
    }
}
