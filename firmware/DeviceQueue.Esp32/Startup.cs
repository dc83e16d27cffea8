using System;
using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Esp32.Boards;
using DeviceQueue.Health;
using DeviceQueue.NanoFramework;
using DeviceQueue.Settings;
using DeviceQueue.Sleep;
using DeviceQueue.Text;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>
    /// Gets the settings from the board's storage; without any the board stays offline, says so and looks again.
    /// </summary>
    internal sealed class Startup
    {
        private const int RepeatMs = 10000;
        private const int BlinkMs = 250;
        private const string IdPrefix = "dq-";
        private const int IdBytes = 3;
        private const string NoId = "dq-000000"; // of a network interface that is not there yet

        private readonly FlashStore _store;
        private readonly Journal _life;
        private readonly Supervisor _supervisor;
        private readonly ConsoleLogger _logger;

        public Startup(FlashStore store, Journal life, Supervisor supervisor, ConsoleLogger logger)
        {
            _store = store;
            _life = life;
            _supervisor = supervisor;
            _logger = logger;
        }

        /// <summary>
        /// Loads the settings, those of safe mode after too many failed boots; returns when there are some that can be
        /// used.
        /// </summary>
        /// <param name="slept">What was kept over the sleep that has just ended, or <see langword="null"/>.</param>
        /// <returns>What loaded them, which is not needed when the device runs.</returns>
        public SettingsLoader WaitForSettings(SleepRecord slept)
        {
            FinishErasing();
            SettingsLoader loader = new SettingsLoader(
                _store, Board.Find(SystemInfo.TargetName, Esp32Memory.HasPsram()));
            while (!loader.Load(DefaultId(WifiLink.GetPhysicalAddress())))
            {
                Say(loader);
                const string Offline = "no usable settings: offline until there is a good ";
                _logger.Log(LogLevel.Error, null, Offline + SettingsLoader.FileName);
                Wait(loader);
            }

            Say(loader);
            if (slept != null)
            {
                _life.Resume((int)slept[SleepRecord.Share]);
                return loader;
            }

            string build = FirmwareDefaults.Version + "/" + loader.Settings.FileCrc.ToString();
            _life.Begin(build, loader.Device.SafeModeBoots);
            if (_life.IsSafeMode)
            {
                loader.UseSafeMode();
            }

            return loader;
        }

        // Without an address there is no default: all boards of a fleet would have the same.
        private static string DefaultId(byte[] mac)
        {
            byte[] end = new byte[IdBytes];
            if (mac == null || mac.Length < IdBytes)
            {
                return null;
            }

            Array.Copy(mac, mac.Length - IdBytes, end, 0, IdBytes);
            string id = IdPrefix + Hex.ToText(end);
            return id == NoId ? null : id;
        }

        private void FinishErasing()
        {
            FactoryReset eraser = new FactoryReset(_store);
            if (eraser.IsBegun && !eraser.TryErase())
            {
                _logger.Log(LogLevel.Error, null, "the storage failed: an erasure that was begun is not finished");
            }
        }

        private void Say(SettingsLoader loader)
        {
            for (int i = 0; i < loader.Problems.KeptErrors; i++)
            {
                _logger.Log(LogLevel.Error, null, loader.Problems.GetError(i));
            }

            for (int i = 0; i < loader.Problems.KeptWarnings; i++)
            {
                _logger.Log(LogLevel.Warn, null, loader.Problems.GetWarning(i));
            }

            if (loader.Settings.Source == SettingsSource.LastGood)
            {
                _logger.Log(LogLevel.Warn, null, "running on the last good settings");
            }
        }

        /// <summary>
        /// Waits, with the status LED and the watchdog of the last file if that named some that can be used.
        /// </summary>
        private void Wait(SettingsLoader loader)
        {
            using GpioOutputs pins = new GpioOutputs();
            StatusLed led = new StatusLed(pins, loader.StatusLedPin, _life);
            _supervisor.FeedThrough(pins, loader.WatchdogPin);
            for (int waited = 0; waited < RepeatMs; waited += BlinkMs)
            {
                _supervisor.Beat();
                led.Poll(DeviceState.NoConfiguration, waited);
                Thread.Sleep(BlinkMs);
            }
        }
    }
}
