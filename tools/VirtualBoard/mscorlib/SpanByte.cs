namespace System;

/// <summary>
/// nanoFramework's stand-in for a span of bytes. A ref struct there too, so it cannot be kept in a field.
/// </summary>
public readonly ref struct SpanByte
{
    private readonly byte[]? _array;
    private readonly int _start;

    public SpanByte(byte[]? array)
        : this(array, 0, array == null ? 0 : array.Length)
    {
    }

    public SpanByte(byte[]? array, int start, int length)
    {
        int size = array == null ? 0 : array.Length;
        if (start < 0 || length < 0 || start > size - length)
        {
            throw new ArgumentOutOfRangeException();
        }

        _array = array;
        _start = start;
        Length = length;
    }

    public static SpanByte Empty => default;

    public int Length { get; }

    public bool IsEmpty => Length == 0;

    internal Span<byte> Desktop => _array.AsSpan(_start, Length);

    public byte this[int index]
    {
        get => Desktop[Checked(index)];
        set => Desktop[Checked(index)] = value;
    }

    public static implicit operator SpanByte(byte[]? array) => new(array);

    public void CopyTo(SpanByte destination)
    {
        if (destination.Length < Length)
        {
            throw new ArgumentException(null);
        }

        Desktop.CopyTo(destination.Desktop);
    }

    public SpanByte Slice(int start) => Slice(start, Length - start);

    public SpanByte Slice(int start, int length)
    {
        if (start < 0 || length < 0 || start > Length - length)
        {
            throw new ArgumentOutOfRangeException();
        }

        return new SpanByte(_array, _start + start, length);
    }

    public byte[] ToArray() => Desktop.ToArray();

    private int Checked(int index) => index < Length ? index : throw new ArgumentOutOfRangeException();
}
