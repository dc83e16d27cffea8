using System.CommandLine;
using Simulator;
using VirtualBoard;

Option<string?> broker = new("--broker")
{
    Description = "Use this broker, mqtt://[user:password@]host[:port], in place of a private Mosquitto.",
};
Option<int?> port =
    new("--port")
    {
        Description = "The private Mosquitto's port on 127.0.0.1, so that another program can join; a "
        + "free one without it."
    };
Option<FileInfo?> config =
    new("--config")
    {
        Description = "The board's devicequeue.json; a sample with the outputs relay1 and led without it.",
    };
Option<string> board = new("--board") { Description = "The board.", DefaultValueFactory = _ => BoardModel.Esp32.Chip };
Option<string?> id = new("--id") { Description = "The device id; 'demo' in the sample." };
Option<int?> interval =
    new("--interval-ms") { Description = "The time between two readings in milliseconds; 5000 in the sample." };
Option<string> sensor = new("--sensor")
{
    Description = "What is wired to the board's I2C pins.",
    DefaultValueFactory = _ => Sensors.Bme280,
};
Option<DirectoryInfo?> storage =
    new("--storage")
    {
        Description = "The folder that stands for the board's flash and survives a run; a temporary "
        + "one without it."
    };
Option<double?> seconds = new("--seconds") { Description = "End by itself after so many seconds." };

board.AcceptOnlyFromAmong([.. BoardModel.All.SelectMany(model => new[] { model.Chip, model.Name })]);
sensor.AcceptOnlyFromAmong(Sensors.Bme280, Sensors.Bmp280, Sensors.Sht31, Sensors.None);

RootCommand command = new("Boots the DeviceQueue firmware on a virtual board, with a private Mosquitto broker.")
{
    broker, port, config, board, id, interval, sensor, storage, seconds,
};
command.SetAction((result, cancellation) => SimulatorRun.Start(
    new SimulatorOptions
    {
        Broker = result.GetValue(broker),
        Port = result.GetValue(port),
        Config = result.GetValue(config),
        Board = BoardModel.Find(result.GetValue(board)!),
        Id = result.GetValue(id),
        IntervalMs = result.GetValue(interval),
        Sensor = result.GetValue(sensor)!,
        Storage = result.GetValue(storage),
        Seconds = result.GetValue(seconds),
    },
    cancellation));

// The command line's own time limit would cut off a clean disconnect that is still under way.
return await command.Parse(args)
    .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(15) });
