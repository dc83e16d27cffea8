using nanoFramework.Hardware.Esp32;
using VirtualBoard;

namespace System.Device.I2c;

/// <summary>
/// Behaves as nf-interpreter's driver for the ESP32 does: what goes wrong on the bus is in the result and throws
/// nothing.
/// </summary>
public class I2cDevice : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Boot _boot;
    private readonly int _sdaPin;
    private readonly int _sclPin;

    // One byte for both directions, as in the real one: a ReadByte without an answer returns the last byte written.
    private readonly byte[] _buffer = new byte[1];
    private bool _isDisposed;

    /// <summary>Opens a device on the pins that the bus has now, whether or not something is there.</summary>
    /// <exception cref="ArgumentException">There is no such bus.</exception>
    /// <exception cref="Exception">A pin of the bus is open as GPIO.</exception>
    public I2cDevice(I2cConnectionSettings settings)
    {
        _boot = Board.CurrentBoot;
        _boot.Pass();
        ConnectionSettings = settings;
        (_sdaPin, _sclPin) = settings.BusId switch
        {
            1 => (_boot.PinFunctions[DeviceFunction.I2C1_DATA], _boot.PinFunctions[DeviceFunction.I2C1_CLOCK]),
            2 when _boot.Board.Model.I2cBuses > 1 =>
                (_boot.PinFunctions[DeviceFunction.I2C2_DATA], _boot.PinFunctions[DeviceFunction.I2C2_CLOCK]),
            _ => throw new ArgumentException(null),
        };
        if (!IsFree(_sdaPin) || !IsFree(_sclPin))
        {
            throw new Exception();
        }

        Interlocked.Increment(ref _boot.OpenI2cDevices);
    }

    public I2cConnectionSettings ConnectionSettings { get; }

    public static I2cDevice Create(I2cConnectionSettings settings) => new(settings);

    public byte ReadByte()
    {
        lock (_lock)
        {
            Transmit(default, _buffer);
            return _buffer[0];
        }
    }

    public I2cTransferResult Read(SpanByte buffer)
    {
        lock (_lock)
        {
            return Transmit(default, buffer.Desktop);
        }
    }

    public I2cTransferResult WriteByte(byte value)
    {
        lock (_lock)
        {
            _buffer[0] = value;
            return Transmit(_buffer, default);
        }
    }

    public I2cTransferResult Write(SpanByte buffer)
    {
        lock (_lock)
        {
            return Transmit(buffer.Desktop, default);
        }
    }

    public I2cTransferResult WriteRead(SpanByte writeBuffer, SpanByte readBuffer)
    {
        lock (_lock)
        {
            return Transmit(writeBuffer.Desktop, readBuffer.Desktop);
        }
    }

    public void Dispose()
    {
        _boot.Pass();
        if (!_isDisposed)
        {
            _isDisposed = true;
            Interlocked.Decrement(ref _boot.OpenI2cDevices);
        }

        GC.SuppressFinalize(this);
    }

    private bool IsFree(int pinNumber) => _boot.Board.Model.Exists(pinNumber) && !_boot.Gpio.IsReserved(pinNumber);

    private I2cTransferResult Transmit(ReadOnlySpan<byte> write, Span<byte> read)
    {
        _boot.Pass();
        if (_isDisposed)
        {
            // The driver of the bus is gone.
            throw new InvalidOperationException();
        }

        II2cSlave? slave = _boot.Board.I2c.Find(_sdaPin, _sclPin, ConnectionSettings.DeviceAddress);
        if (slave == null)
        {
            return new I2cTransferResult(I2cTransferStatus.SlaveAddressNotAcknowledged, 0);
        }

        lock (slave)
        {
            // The caller's buffer keeps what it had when the slave does not answer.
            bool isAcknowledged = (write.IsEmpty || slave.TryWrite(write)) && (read.IsEmpty || slave.TryRead(read));
            return isAcknowledged
                ? new I2cTransferResult(I2cTransferStatus.FullTransfer, write.Length + read.Length)
                : new I2cTransferResult(I2cTransferStatus.SlaveAddressNotAcknowledged, 0);
        }
    }
}
