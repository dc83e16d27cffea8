namespace VirtualBoard;

/// <summary>A board on the market: its chip, the image that is on it, and where the wiring's parts are.</summary>
/// <param name="Name">Its folder in hardware/boards.</param>
/// <param name="Chip">The chip's name, which names the first board that has it, too.</param>
/// <param name="TargetName">The image's name, as SystemInfo has it.</param>
/// <param name="PinCount">Pin numbers run from 0 to one less.</param>
public sealed record BoardModel(string Name, string Chip, string TargetName, int PinCount)
{
    /// <summary>The most pins that a board has.</summary>
    public const int MaxPinCount = 49;

    /// <summary>
    /// ESP32 datasheet, pin definitions. The numbers 24 and 28 to 31 do not exist at all, 20 exists on the
    /// ESP32-PICO-V3 only: ESP-IDF would let a WROOM module open it and drive nothing.
    /// </summary>
    public static BoardModel Esp32 { get; } = new("esp32-devkitc", "esp32", "ESP32_REV0", 40)
    {
        Missing = [20, 24, 28, 29, 30, 31],
        InputOnly = [34, 35, 36, 37, 38, 39],
        Flash = [6, 7, 8, 9, 10, 11],
        Psram = [16, 17],
        Adc1 = [36, 37, 38, 39, 32, 33, 34, 35],
        AdcChannels = 20,
        I2cBuses = 2,
        I2cAtStart = (18, 19),
        Sda = 21,
        Scl = 22,
        StatusLed = 25,
        Relay = 26,
    };

    /// <summary>ESP32-S3 datasheet, pins; ESP-IDF's GPIO summary. The board has a module with octal PSRAM.</summary>
    public static BoardModel Esp32S3 { get; } = new("esp32-s3-devkitc-1", "esp32-s3", "ESP32_S3_OCTAL", 49)
    {
        Missing = [22, 23, 24, 25],
        Flash = [26, 27, 28, 29, 30, 31, 32],
        Psram = [33, 34, 35, 36, 37],
        PsramSize = 8 * 1024 * 1024,
        Adc1 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        AdcChannels = 20,
        I2cBuses = 2,
        I2cAtStart = (-1, -1),
        Sda = 8,
        Scl = 9,
        StatusLed = 4,
        Relay = 5,
    };

    /// <summary>ESP32-C3 datasheet, pins; ESP-IDF's GPIO summary.</summary>
    public static BoardModel Esp32C3 { get; } = new("esp32-c3-devkitm-1", "esp32-c3", "ESP32_C3", 22)
    {
        Flash = [11, 12, 13, 14, 15, 16, 17],
        Adc1 = [0, 1, 2, 3, 4],
        AdcChannels = 10,
        I2cBuses = 1,
        I2cAtStart = (18, 19),
        Sda = 5,
        Scl = 6,
        StatusLed = 4,
        Relay = 7,
    };

    /// <summary>Another board with the ESP32: the same image, the same pins for LED and relay.</summary>
    public static BoardModel FireBeetle { get; } = Esp32 with { Name = "firebeetle2-esp32-e" };

    public static IReadOnlyList<BoardModel> All { get; } = [Esp32, Esp32S3, Esp32C3, FireBeetle];

    /// <summary>Gets the bytes of PSRAM that the module has.</summary>
    public int PsramSize { get; private init; }

    /// <summary>Gets how many I2C buses the chip has.</summary>
    public int I2cBuses { get; private init; }

    /// <summary>Gets the pins that the first bus has without a word from the firmware (…_DeviceMapping.cpp).</summary>
    public (int Data, int Clock) I2cAtStart { get; private init; }

    /// <summary>Gets the pin that the sensor's data line is wired to.</summary>
    public int Sda { get; private init; }

    /// <summary>Gets the pin that the sensor's clock line is wired to.</summary>
    public int Scl { get; private init; }

    /// <summary>Gets the pin that the status LED is wired to.</summary>
    public int StatusLed { get; private init; }

    /// <summary>Gets the pin that the relay is wired to.</summary>
    public int Relay { get; private init; }

    /// <summary>Gets how many channels the converters have as the interpreter counts them.</summary>
    public int AdcChannels { get; private init; }

    /// <summary>Gets the pins of the first converter's channels (…_DeviceMapping.cpp).</summary>
    internal int[] Adc1 { get; private init; } = [];

    private int[] Missing { get; init; } = [];

    private int[] InputOnly { get; init; } = [];

    private int[] Flash { get; init; } = [];

    private int[] Psram { get; init; } = [];

    /// <summary>Finds a board by its name or its chip's.</summary>
    public static BoardModel Find(string name) =>
        All.First(board => board.Name == name || board.Chip == name);

    public bool Exists(int pinNumber) => pinNumber >= 0 && pinNumber < PinCount && !Missing.Contains(pinNumber);

    public bool IsInputOnly(int pinNumber) => InputOnly.Contains(pinNumber);

    public bool IsFlash(int pinNumber) => Flash.Contains(pinNumber);

    /// <summary>Says whether PSRAM takes a pin, on modules that have some.</summary>
    public bool IsPsram(int pinNumber) => Psram.Contains(pinNumber);
}
