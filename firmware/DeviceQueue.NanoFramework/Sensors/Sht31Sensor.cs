using System;
using System.Device.I2c;
using System.Threading;
using DeviceQueue.Readings;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// An SHT31 (SHT30 and SHT35 answer alike), one measurement at a time with high repeatability. The chip secures
    /// each word by a checksum and has nothing to read when it has not measured, so no value is stale or half.
    /// </summary>
    public sealed class Sht31Sensor : I2cSensor
    {
        // Commands, status and times: Sensirion, datasheet SHT3x-DIS, sections 2.2 and 4.3 to 4.11.
        private const int MeasureCommand = 0x2400; // high repeatability, no clock stretching
        private const int StatusCommand = 0xF32D;
        private const int ClearStatusCommand = 0x3041;
        private const int HeaterOffCommand = 0x3066;
        private const int BreakCommand = 0x3093; // ends periodic measuring
        private const int ResetStatus = 1 << 4;
        private const int HeaterStatus = 1 << 13;

        // Sleep counts in ticks of 10 ms and may end one early.
        private const int CommandMs = 20; // 1 ms between two commands
        private const int MeasuringMs = 30; // 15.5 ms at most

        private const int CommandBytes = 2;
        private const int WordBytes = 3; // with its checksum
        private const int MeasuredBytes = 2 * WordBytes;

        private const double MinTemperatureC = -40;
        private const double MaxTemperatureC = 125;

        /// <summary>Makes a sensor that is looked for at each reading until it is there.</summary>
        /// <param name="address">The 7-bit address, or 0 to search 0x44 and 0x45.</param>
        public Sht31Sensor(int address)
            : base(address)
        {
        }

        /// <inheritdoc/>
        protected override int LowestAddress => 0x44;

        /// <inheritdoc/>
        protected override SensorState SetUp(int address)
        {
            byte[] status = new byte[WordBytes];
            if (!TryRead(StatusCommand, CommandMs, status))
            {
                return SensorState.NotFound;
            }

            if (!IsIntact(status))
            {
                // The chip has no id. A disturbed answer changes, that of another chip does not.
                int answer = Word(status, 0);
                Describe("0x" + answer.ToString("X4"), address);
                bool isSame = TryRead(StatusCommand, CommandMs, status) && Word(status, 0) == answer;
                return isSame && !IsIntact(status) ? SensorState.WrongChip : SensorState.NoAnswer;
            }

            Describe("SHT31", address);
            return TrySend(BreakCommand) && TrySend(HeaterOffCommand) && TrySend(ClearStatusCommand)
                ? SensorState.Ok
                : SensorState.NoAnswer;
        }

        /// <inheritdoc/>
        protected override SensorState Measure(Reading reading)
        {
            byte[] measured = new byte[MeasuredBytes];
            byte[] status = new byte[WordBytes];
            if (!TryRead(MeasureCommand, MeasuringMs, measured)
                || !IsIntact(measured)
                || !TryRead(StatusCommand, CommandMs, status)
                || !IsIntact(status))
            {
                return SensorState.NoAnswer;
            }

            if ((Word(status, 0) & (ResetStatus | HeaterStatus)) != 0)
            {
                return SensorState.Reset;
            }

            // Section 4.13.
            double celsius = -45 + (175 * Word(measured, 0) / 65535.0);
            reading.Set(Quantity.Temperature, celsius);
            reading.Set(Quantity.Humidity, 100 * Word(measured, WordBytes) / 65535.0);
            return IsWithin(celsius, MinTemperatureC, MaxTemperatureC) ? SensorState.Ok : SensorState.OutOfRange;
        }

        private static int Word(byte[] bytes, int at)
        {
            return (bytes[at] << 8) | bytes[at + 1];
        }

        /// <summary>
        /// Tells whether each word has its checksum: CRC-8 with polynomial 0x31 and start 0xFF (section 4.12).
        /// </summary>
        private static bool IsIntact(byte[] bytes)
        {
            int crc = 0xFF;
            for (int i = 0; i < bytes.Length; i++)
            {
                crc ^= bytes[i]; // a word and its checksum give 0
                if ((i + 1) % WordBytes == 0)
                {
                    if (crc != 0)
                    {
                        return false;
                    }

                    crc = 0xFF;
                    continue;
                }

                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 0x80) == 0 ? crc << 1 : ((crc << 1) ^ 0x31) & 0xFF;
                }
            }

            return true;
        }

        private bool TrySend(int command)
        {
            bool isSent = TryWrite(command);
            Thread.Sleep(CommandMs);
            return isSent;
        }

        private bool TryRead(int command, int waitMs, byte[] answer)
        {
            if (!TryWrite(command))
            {
                return false;
            }

            Thread.Sleep(waitMs);
            return Device.Read(answer).Status == I2cTransferStatus.FullTransfer;
        }

        private bool TryWrite(int command)
        {
            byte[] bytes = new byte[CommandBytes];
            bytes[0] = (byte)(command >> 8);
            bytes[1] = (byte)command;
            return Device.Write(bytes).Status == I2cTransferStatus.FullTransfer;
        }
    }
}
