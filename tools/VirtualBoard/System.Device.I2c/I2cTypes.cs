namespace System.Device.I2c;

public enum I2cBusSpeed
{
    StandardMode = 0,
    FastMode = 1,
    FastModePlus = 2,
}

public enum I2cTransferStatus
{
    UnknownError = 0,
    FullTransfer = 1,
    ClockStretchTimeout = 2,
    PartialTransfer = 3,
    SlaveAddressNotAcknowledged = 4,
}

public readonly struct I2cTransferResult
{
    internal I2cTransferResult(I2cTransferStatus status, int bytesTransferred)
    {
        Status = status;
        BytesTransferred = (uint)bytesTransferred;
    }

    public uint BytesTransferred { get; }

    public I2cTransferStatus Status { get; }
}

public sealed class I2cConnectionSettings(int busId, int deviceAddress, I2cBusSpeed busSpeed)
{
    public I2cConnectionSettings(int busId, int deviceAddress)
        : this(busId, deviceAddress, I2cBusSpeed.FastMode)
    {
    }

    public int BusId { get; } = busId;

    public int DeviceAddress { get; } = deviceAddress;

    public I2cBusSpeed BusSpeed { get; } = busSpeed;
}
