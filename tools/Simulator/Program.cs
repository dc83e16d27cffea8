using System.CommandLine;
using Simulator;

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
        Description = "The board's devicequeue.json; a sample with outputs relay1 (GPIO 26) and led "
        + "(GPIO 25) without it."
    };
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

sensor.AcceptOnlyFromAmong(Sensors.Bme280, Sensors.Bmp280, Sensors.None);

RootCommand command = new("Boots the DeviceQueue firmware on a virtual ESP32 board, with a private Mosquitto broker.")
{
    broker, port, config, id, interval, sensor, storage, seconds,
};
command.SetAction((result, cancellation) => SimulatorRun.Start(
    new SimulatorOptions
    {
        Broker = result.GetValue(broker),
        Port = result.GetValue(port),
        Config = result.GetValue(config),
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
