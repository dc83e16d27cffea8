using System;
using System.Threading;
using DeviceQueue.Readings;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// An SHT31 (SHT30 and SHT35 answer alike), one measurement at a time with high repeatability. The chip secures
    /// each word by a checksum and has nothing to read when it has not measured, so no value is stale or half. It keeps
    /// no setting from one measurement to the next that a loss of power could take away.
    /// </summary>
    public sealed class Sht31Sensor : I2cSensor
    {
        // Commands, status and times: Sensirion, datasheet SHT3x-DIS version 7, sections 2.2 and 4.3 to 4.11.
        private const int MeasureCommand = 0x2400; // high repeatability, no clock stretching
        private const int StatusCommand = 0xF32D;
        private const int HeaterOffCommand = 0x3066;
        private const int BreakCommand = 0x3093; // ends periodic measuring
        private const int HeaterStatus = 1 << 13;

        private const int MeasuringMs = 20; // 12.5 ms, 15.5 at most
        private const int WaitMs = 10; // Sleep counts in ticks and may end one early
        private const int MaxWaits = 3;
        private const int GapMs = 10; // 1 ms from one command to the next (section 4)

        private const int CommandBytes = 2;
        private const int WordBytes = 3; // with its checksum
        private const int MeasuredBytes = 2 * WordBytes;
        private const int AllOnes = 0xFFFF;

        private const double MinTemperatureC = -40;
        private const double MaxTemperatureC = 125;

        private readonly byte[] _bytes = new byte[MeasuredBytes];

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
            if (!TryReadStatus())
            {
                return SensorState.NotFound;
            }

            if (!IsIntact(WordBytes))
            {
                if (Word(0) == 0 || Word(0) == AllOnes)
                {
                    return SensorState.NotFound; // wires that lie low or high; a status of 0 has its checksum
                }

                // The chip has no id. A disturbed answer changes, that of another chip does not.
                int answer = Word(0);
                if (!TryReadStatus() || IsIntact(WordBytes) || Word(0) != answer)
                {
                    return SensorState.NoAnswer;
                }

                Describe("0x" + answer.ToString("X4"), address);
                return SensorState.WrongChip;
            }

            Describe("SHT31", address);
            bool isHeating = (Word(0) & HeaterStatus) != 0;
            Thread.Sleep(GapMs);
            if (!isHeating)
            {
                return SensorState.Ok;
            }

            Send(HeaterOffCommand); // the status will tell whether it has
            return SensorState.Reset;
        }

        /// <inheritdoc/>
        protected override SensorState Measure(Reading reading)
        {
            if (!TryMeasure() || !IsIntact(MeasuredBytes))
            {
                Send(BreakCommand); // an earlier program may have let it measure all the time
                return SensorState.NoAnswer;
            }

            // Section 4.13.
            double celsius = -45 + (175 * Word(0) / 65535.0);
            reading.Set(Quantity.Temperature, celsius);
            reading.Set(Quantity.Humidity, 100 * Word(WordBytes) / 65535.0);
            return IsWithin(celsius, MinTemperatureC, MaxTemperatureC) ? SensorState.Ok : SensorState.OutOfRange;
        }

        private int Word(int at)
        {
            return (_bytes[at] << 8) | _bytes[at + 1];
        }

        /// <summary>
        /// Tells whether each word has its checksum: CRC-8 with polynomial 0x31 and start 0xFF (section 4.12).
        /// </summary>
        private bool IsIntact(int count)
        {
            int crc = 0xFF;
            for (int i = 0; i < count; i++)
            {
                crc ^= _bytes[i];
                if ((i + 1) % WordBytes != 0)
                {
                    for (int bit = 0; bit < 8; bit++)
                    {
                        crc = (crc & 0x80) == 0 ? crc << 1 : ((crc << 1) ^ 0x31) & 0xFF;
                    }
                }
                else if (crc != 0)
                {
                    return false; // a word and its checksum give 0
                }
                else
                {
                    crc = 0xFF;
                }
            }

            return true;
        }

        /// <summary>Measures; the chip acknowledges no read before it has.</summary>
        private bool TryMeasure()
        {
            PutCommand(MeasureCommand);
            bool isStarted = IsFull(Device.Write(new SpanByte(_bytes, 0, CommandBytes)));
            for (int i = 0; isStarted && i < MaxWaits; i++)
            {
                Thread.Sleep(i == 0 ? MeasuringMs : WaitMs);
                if (IsFull(Device.Read(_bytes)))
                {
                    return true;
                }
            }

            return false;
        }

        private bool TryReadStatus()
        {
            PutCommand(StatusCommand);
            return IsFull(
                Device.WriteRead(new SpanByte(_bytes, 0, CommandBytes), new SpanByte(_bytes, 0, WordBytes)));
        }

        private void Send(int command)
        {
            PutCommand(command);
            Device.Write(new SpanByte(_bytes, 0, CommandBytes));
            Thread.Sleep(PauseMs);
        }

        private void PutCommand(int command)
        {
            _bytes[0] = (byte)(command >> 8);
            _bytes[1] = (byte)command;
        }
    }
}
