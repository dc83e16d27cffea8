using System;
using System.Threading;
using DeviceQueue.Commanding;
using DeviceQueue.Components;
using DeviceQueue.Configuring;
using DeviceQueue.Connecting;
using DeviceQueue.Json;
using DeviceQueue.NanoFramework;
using DeviceQueue.Platform;
using DeviceQueue.Supervising;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Networking;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>The application: puts a node on an ESP32 and drives it.</summary>
    public static class Program
    {
        private const int I2cBus = 1;
        private const int MaxWaitMs = 1000;
        private const int FaultPauseMs = 1000;
        private const int MaxFaultDoublings = 9;
        private const int CloseTimeoutMs = 4000;
        private const string IdPrefix = "dq-";
        private const int IdBytes = 3;

        /// <summary>Where the firmware starts. Returns never.</summary>
        public static void Main()
        {
            SystemClock clock = new SystemClock();
            ConsoleLogger logger = new ConsoleLogger(clock);
            logger.Log(LogLevel.Info, null, "DeviceQueue " + DeviceNode.Version);
            FlashStore store = new FlashStore();
            LifeRecord life = new LifeRecord(store);
            Supervisor supervisor = new Supervisor(life, logger);
            supervisor.Start();
            try
            {
                Run(clock, logger, store, life, supervisor);
            }
            catch (Exception e)
            {
                // On the device an uncaught exception would end this thread, silently, and with it everything. The pause grows: a fault that is
                // there at each boot must not wear the flash.
                logger.Log(LogLevel.Error, null, "fatal: " + e.ToString());
                life.RecordFatal("main", e.GetType().Name + ": " + e.Message);
                supervisor.Rest(FaultPauseMs << (life.FailedBoots < MaxFaultDoublings ? life.FailedBoots : MaxFaultDoublings));
                Power.RebootDevice(Supervisor.RebootTimeoutMs);
            }
        }

        private static void Run(SystemClock clock, ConsoleLogger logger, FlashStore store, LifeRecord life, Supervisor supervisor)
        {
            if (life.WasFloorClock)
            {
                clock.Forget();
            }

            BootRecord bootRecord = new BootRecord(store);
            byte[] mac = WifiLink.GetPhysicalAddress();
            Startup startup = new Startup(store, life, supervisor, logger);
            startup.WaitForSettings(DefaultId(mac));
            DeviceSettings device = startup.Device;

            // Outputs first: whatever else is slow or missing, they are in their safe state.
            GpioOutputs pins = new GpioOutputs();
            OutputBank outputs = new OutputBank(device.Outputs, pins);
            StatusLed led = new StatusLed(pins, device.StatusLedPin);
            supervisor.FeedThrough(pins, device.WatchdogPin);
            new PulseTimer(outputs, clock, life).Start();
            Configuration.SetPinFunction(device.I2cDataPin, DeviceFunction.I2C1_DATA);
            Configuration.SetPinFunction(device.I2cClockPin, DeviceFunction.I2C1_CLOCK);
            StartSntp(device.NtpServer);

            DevicePlatform platform = new DevicePlatform
            {
                Clock = clock,
                Random = new DeviceRandom(Seed(mac, bootRecord.Boot)),
                Store = store,
                Memory = new Esp32Memory(),
                Logger = logger,
                CommandMac = device.CommandKey == null ? null : new HmacSha256(device.CommandKey),
                Links = new M2MqttLinkFactory(),
                Network = new WifiLink(),
                Sensor = new Bmx280TemperatureSensor(I2cBus, device.SensorAddress),
                Life = life,
                Calendar = clock,
                Restarter = new Esp32Restarter(),
            };
            DeviceNode node = new DeviceNode(device, startup.Connection, bootRecord, outputs, platform, startup.Loader);
            ConnectionWorker worker = new ConnectionWorker(node.Connection, clock, logger) { Recorder = life };
            Power.OnRebootEvent += () =>
            {
                worker.Stop(CloseTimeoutMs);
                node.PrepareRestart();
            };

            logger.Log(LogLevel.Info, null, "device " + device.Id + ", boot " + bootRecord.Boot.ToString());
            node.Open();
            worker.Start();
            Drive(node, led, supervisor, life, clock, logger);
        }

        private static void Drive(DeviceNode node, StatusLed led, Supervisor supervisor, LifeRecord life, SystemClock clock, ConsoleLogger logger)
        {
            while (true)
            {
                try
                {
                    long due = node.Poll();
                    long ledDue = led.Poll(node.State, clock.NowMs);
                    supervisor.Beat(); // not before: a loop that fails each time stands still, too
                    long waitMs = (ledDue < due ? ledDue : due) - clock.NowMs;
                    if (waitMs > 0)
                    {
                        node.Wake.WaitOne(waitMs > MaxWaitMs ? MaxWaitMs : (int)waitMs, false);
                    }
                }
                catch (Exception e)
                {
                    life.Record("main loop", e);
                    logger.Log(LogLevel.Error, null, "main loop: " + e.ToString());
                    Thread.Sleep(FaultPauseMs);
                }
            }
        }

        /// <summary>Starts the clock's time service; it asks the server as soon as there is a network.</summary>
        private static void StartSntp(string server)
        {
            if (server != null)
            {
                Sntp.Server1 = server;
            }

            Sntp.Start();
        }

        private static string DefaultId(byte[] mac)
        {
            byte[] end = new byte[IdBytes];
            if (mac != null)
            {
                Array.Copy(mac, mac.Length - IdBytes, end, 0, IdBytes);
            }

            return IdPrefix + Hex.ToText(end);
        }

        private static int Seed(byte[] mac, long boot)
        {
            return (int)Crc32.Compute(mac ?? new byte[0], 0, mac == null ? 0 : mac.Length) ^ (int)(boot * 0x9E3779B1L) ^ (int)DateTime.UtcNow.Ticks;
        }
    }
}
