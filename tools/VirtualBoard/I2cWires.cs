namespace VirtualBoard;

/// <summary>What hangs on the board's I2C wires.</summary>
public sealed class I2cWires
{
    /// <summary>The board's usual data pin.</summary>
    public const int DefaultSda = 21;

    /// <summary>The board's usual clock pin.</summary>
    public const int DefaultScl = 22;

    private readonly Lock _lock = new();
    private readonly Dictionary<(int Sda, int Scl, int Address), II2cSlave> _slaves = [];

    internal I2cWires()
    {
    }

    /// <summary>Solders a part to two pins; which bus leads there is the firmware's to say.</summary>
    public void Attach(int address, II2cSlave slave, int sdaPin = DefaultSda, int sclPin = DefaultScl)
    {
        lock (_lock)
        {
            _slaves.Add((sdaPin, sclPin, address), slave);
        }
    }

    internal II2cSlave? Find(int sdaPin, int sclPin, int address)
    {
        lock (_lock)
        {
            return _slaves.GetValueOrDefault((sdaPin, sclPin, address));
        }
    }

    internal void LosePower()
    {
        lock (_lock)
        {
            foreach (II2cSlave slave in _slaves.Values)
            {
                slave.LosePower();
            }
        }
    }
}

/// <summary>A part on the bus. Calls come one at a time for each transfer, from any thread.</summary>
public interface II2cSlave
{
    /// <summary>Takes what the master writes after the address.</summary>
    /// <returns>False when no part acknowledges.</returns>
    bool TryWrite(ReadOnlySpan<byte> data);

    /// <summary>Fills what the master reads.</summary>
    /// <returns>False when no part acknowledges.</returns>
    bool TryRead(Span<byte> data);

    /// <summary>The board's supply went off, and perhaps on again.</summary>
    void LosePower();
}
