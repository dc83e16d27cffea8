using System;
using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Mqtt;
using DeviceQueue.NanoFramework;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Sleep;
using DeviceQueue.Storage;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Networking;
using nanoFramework.Runtime.Native;
using PinFunctions = nanoFramework.Hardware.Esp32.Configuration;

namespace DeviceQueue.Esp32
{
    /// <summary>The application: puts a node on an ESP32 and drives it.</summary>
    public static class Program
    {
        private const int FaultPauseMs = 1000;
        private const int MaxFaultDoublings = 9;
        private const int CloseTimeoutMs = 4000;

        /// <summary>
        /// Where the firmware starts; it does not return. The thread waits here, because each stack frame of a waiting
        /// thread takes 204 bytes; those that the start needed are gone.
        /// </summary>
        public static void Main()
        {
            MainLoop loop = Prepare(StallWatch.StallMs);
            while (loop != null)
            {
                try
                {
                    loop.Wake.WaitOne(loop.Turn(), false);
                }
                catch (Exception)
                {
                    // There was no memory even for the call. If it stays so, no beat comes, and the supervisor reboots.
                }
            }
        }

        /// <summary>Starts, with so many milliseconds as the time after which a main loop has stalled.</summary>
        internal static void Start(int stallMs)
        {
            MainLoop loop = Prepare(stallMs);
            while (loop != null)
            {
                try
                {
                    loop.Wake.WaitOne(loop.Turn(), false);
                }
                catch (Exception)
                {
                    // There was no memory even for the call. If it stays so, no beat comes, and the supervisor reboots.
                }
            }
        }

        // Null: it failed, and the board reboots.
        private static MainLoop Prepare(int stallMs)
        {
            try
            {
                return Supervise(stallMs);
            }
            catch (Exception)
            {
                // On the device an uncaught exception would end this thread, silently, and with it everything. There
                // was not even the memory to report it.
                Thread.Sleep(FaultPauseMs);
                Power.RebootDevice(Supervisor.RebootTimeoutMs);
                return null;
            }
        }

        private static MainLoop Supervise(int stallMs)
        {
            SystemClock clock = new SystemClock();
            ConsoleLogger logger = new ConsoleLogger(clock);
            logger.Log(LogLevel.Info, null, "DeviceQueue " + FirmwareDefaults.Version);
            FlashStore store = new FlashStore();
            Supervisor supervisor = new Supervisor(store, logger, clock, stallMs);
            supervisor.Start();
            try
            {
                SleepRecord slept = WakeUp(clock, logger, store);
                return MakeLoop(clock, logger, store, supervisor, slept);
            }
            catch (Exception e)
            {
                // The pause grows: a fault that is there at each boot must not wear the flash.
                Journal life = supervisor.Journal;
                life.RecordFatal("main", e.GetType().Name + ": " + e.Message);
                logger.Log(LogLevel.Error, null, "fatal: " + e.ToString());
                supervisor.Rest(
                    FaultPauseMs << (life.FailedBoots < MaxFaultDoublings ? life.FailedBoots : MaxFaultDoublings));
                Power.RebootDevice(Supervisor.RebootTimeoutMs);
                return null;
            }
        }

        /// <summary>
        /// Measures first when a sleep is over, and goes back to sleep when nothing else is due. Returns what was kept
        /// over the sleep, null when the board started otherwise.
        /// </summary>
        private static SleepRecord WakeUp(SystemClock clock, ConsoleLogger logger, FlashStore store)
        {
            SleepRecord record = Esp32DeepSleep.HasWoken ? SleepRecord.Read(store) : null;
            if (record == null)
            {
                return null;
            }

            clock.StartMs = record.WakeMs;
            if (record[SleepRecord.IsFloorClock] > 0)
            {
                clock.Forget();
            }

            long address = record[Sampler.AddressAt];
            ISensor sensor = OpenSensor(
                (int)record[SleepRecord.I2cDataPin],
                (int)record[SleepRecord.I2cClockPin],
                (int)record[SleepRecord.SensorType],
                (int)(address > 0 ? address : record[SleepRecord.SensorAddress]));
            int channel = (int)record[SleepRecord.BatteryChannel];
            AnalogInput battery = channel < 0 ? null : new AnalogInput(channel);
            if (new ShortWake(record, store, clock, sensor, logger).TryRun(battery))
            {
                logger.Log(LogLevel.Info, null, "asleep again");
                new Esp32DeepSleep().Enter(record.WakeMs - clock.NowMs);
            }

            return record;
        }

        private static ISensor OpenSensor(int dataPin, int clockPin, int type, int address)
        {
            PinFunctions.SetPinFunction(dataPin, DeviceFunction.I2C1_DATA);
            PinFunctions.SetPinFunction(clockPin, DeviceFunction.I2C1_CLOCK);
            return SensorCatalog.Create(type, address);
        }

        // What only the start needs, the loader of the settings first, goes with this method's frame.
        private static MainLoop MakeLoop(
            SystemClock clock, ConsoleLogger logger, FlashStore store, Supervisor supervisor, SleepRecord slept)
        {
            Journal life = supervisor.Journal;
            if (slept == null && life.WasFloorClock)
            {
                clock.Forget();
            }

            BootRecord bootRecord = new BootRecord(store, life.Buffer, slept?.Values);
            SettingsLoader loader = new Startup(store, life, supervisor, logger).WaitForSettings(slept);
            DeviceSettings device = loader.Device;

            // Outputs first: whatever else is slow or missing, they are in their safe state.
            GpioOutputs pins = new GpioOutputs();
            OutputBank outputs = new OutputBank(device.Outputs, pins);
            StatusLed led = new StatusLed(pins, device.StatusLedPin, life);
            supervisor.FeedThrough(pins, device.WatchdogPin);
            supervisor.EndPulsesOf(outputs);
            StartSntp(device.NtpServer);

            DevicePlatform platform = new DevicePlatform
            {
                Clock = clock,
                Random = new DeviceRandom(Seed(WifiLink.GetPhysicalAddress(), bootRecord.Boot)),
                Store = store,
                Memory = new Esp32Memory(),
                Logger = logger,
                CommandMac = device.CommandKey == null ? null : new HmacSha256(device.CommandKey),
                Links = new M2MqttLinkFactory(device.Sleep != null),
                Network = new WifiLink(),
                Sensor = OpenSensor(device.I2cDataPin, device.I2cClockPin, device.SensorType, device.SensorAddress),
                BatteryInput = device.Battery == null ? null : new AnalogInput(device.Battery.Channel),
                Journal = life,
                Calendar = clock,
                Restarter = new Esp32Restarter(),
                DeepSleep = device.Sleep == null ? null : new Esp32DeepSleep(),
            };
            DeviceNode node = new DeviceNode(loader, bootRecord, outputs, platform, slept);
            ConnectionWorker worker = new ConnectionWorker(node.Connection, clock, logger) { Recorder = life };
            Power.OnRebootEvent += () => PrepareRestart(worker, node, life);

            logger.Log(LogLevel.Info, null, "device " + device.Id + ", boot " + bootRecord.Boot.ToString());
            node.Open();
            if (node.IsConnecting)
            {
                worker.Start();
            }

            return new MainLoop(node, led, supervisor, clock);
        }

        /// <summary>
        /// Disconnects and stores what waits. The event swallows what this throws.
        /// </summary>
        private static void PrepareRestart(ConnectionWorker worker, DeviceNode node, Journal life)
        {
            try
            {
                worker.Stop(CloseTimeoutMs);
                node.PrepareRestart();
            }
            catch (Exception e)
            {
                life.Record("restart", e);
                life.PlanRestart();
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

        private static int Seed(byte[] mac, long boot)
        {
            uint crc = mac == null ? 0 : Crc32.Compute(mac, 0, mac.Length);
            return (int)crc ^ (int)(boot * 0x9E3779B1L) ^ (int)DateTime.UtcNow.Ticks;
        }
    }
}
