namespace VirtualBoard.Parts;

/// <summary>What befalls a transfer.</summary>
public enum TransferFault
{
    /// <summary>Nothing reaches the part.</summary>
    Lost,

    /// <summary>Half of the bytes pass.</summary>
    Short,

    /// <summary>All bytes pass, and the acknowledgement is lost.</summary>
    Unacknowledged,

    /// <summary>The part loses its power just before, and is back in time to answer.</summary>
    PowerLoss,
}

/// <summary>
/// The wires of one part, which spoil transfers: a certain one, or some at random. A write and the read after it are
/// two. Calls come one at a time, as for every part.
/// </summary>
public sealed class UnsteadyWires(II2cSlave part) : II2cSlave
{
    private int _spoiled;
    private TransferFault _fault;
    private double _share;
    private double _flippedShare;
    private Random _random = new(0);

    /// <summary>Gets how many transfers there were since the last call of <see cref="Mend"/>.</summary>
    public int Transfers { get; private set; }

    /// <summary>Spoils nothing from now on, and counts from 0.</summary>
    public void Mend()
    {
        Transfers = 0;
        _spoiled = 0;
        _share = 0;
        _flippedShare = 0;
    }

    /// <summary>Spoils one transfer: the one with this number after <see cref="Mend"/>, from 1.</summary>
    public void Spoil(int number, TransferFault fault)
    {
        _spoiled = number;
        _fault = fault;
    }

    /// <summary>Spoils this share of all transfers, each in one of the ways but a loss of power.</summary>
    public void SpoilAtRandom(double share, int seed)
    {
        _share = share;
        _random = new Random(seed);
    }

    /// <summary>Turns this share of all bits over, of those that are written as of those that are read.</summary>
    public void FlipAtRandom(double share, int seed)
    {
        _flippedShare = share;
        _random = new Random(seed);
    }

    public bool TryWrite(ReadOnlySpan<byte> data)
    {
        bool passes = Pass(data.Length, out int count);
        byte[] sent = data[..count].ToArray();
        Flip(sent);
        return (count == 0 || part.TryWrite(sent)) && passes;
    }

    public bool TryRead(Span<byte> data)
    {
        bool passes = Pass(data.Length, out int count);
        bool isRead = count == 0 || part.TryRead(data[..count]);
        Flip(data[..count]);
        return isRead && passes;
    }

    public void LosePower() => part.LosePower();

    private void Flip(Span<byte> data)
    {
        for (int bit = 0; _flippedShare > 0 && bit < 8 * data.Length; bit++)
        {
            if (_random.NextDouble() < _flippedShare)
            {
                data[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    private bool Pass(int length, out int count)
    {
        Transfers++;
        bool isSpoiled = Transfers == _spoiled;
        TransferFault fault = _fault;
        if (!isSpoiled && _share > 0 && _random.NextDouble() < _share)
        {
            isSpoiled = true;
            fault = (TransferFault)_random.Next((int)TransferFault.PowerLoss);
        }

        if (isSpoiled && fault == TransferFault.PowerLoss)
        {
            part.LosePower();
            isSpoiled = false;
        }

        count = isSpoiled && fault == TransferFault.Lost
            ? 0
            : isSpoiled && fault == TransferFault.Short
            ? length / 2
            : length;
        return !isSpoiled;
    }
}
