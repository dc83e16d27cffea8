extern alias Board;

using System.Device.I2c;
using Board::VirtualBoard;

namespace DeviceQueue.DriverTests;

/// <summary>A part of the virtual board as dotnet/iot's bus has it.</summary>
internal sealed class SlaveDevice(II2cSlave slave, int address) : I2cDevice
{
    public override I2cConnectionSettings ConnectionSettings { get; } = new(1, address);

    public override void Read(Span<byte> buffer) => Require(slave.TryRead(buffer));

    public override void Write(ReadOnlySpan<byte> buffer) => Require(slave.TryWrite(buffer));

    public override void WriteRead(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer)
    {
        Write(writeBuffer);
        Read(readBuffer);
    }

    private static void Require(bool isAcknowledged)
    {
        if (!isAcknowledged)
        {
            throw new IOException("Nothing on the bus acknowledges.");
        }
    }
}
