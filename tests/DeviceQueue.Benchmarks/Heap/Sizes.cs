using System.Collections;
using System.Text;

namespace DeviceQueue.Benchmarks.Heap;

/// <summary>
/// What things take in the managed heap of nanoFramework's interpreter, in bytes: 32 bits, blocks of 12 bytes. Seen on
/// the interpreter; the collections are from the sources of its libraries, which grow as here.
/// </summary>
internal static class Sizes
{
    public const int Block = 12;
    public const int Delegate = 36;
    public const int Boxed = 2 * Block;
    public const int StaticField = Block;

    /// <summary>A text of the program: it stays on the flash.</summary>
    public const int Literal = Block;

    /// <summary>A thread that waits, its stack frames aside.</summary>
    public const int Thread = 420;

    /// <summary>A stack frame has room for ten slots at least.</summary>
    public const int Frame = 204;

    /// <summary>A StringBuilder with its first chunk of 16 characters.</summary>
    public const int StringBuilder = (6 * Block) + 60;

    /// <summary>A field of an exception; HResult, message, inner exception, stack trace.</summary>
    public const int ExceptionFields = 4;

    private const int ArrayHead = 20;
    private const int HashtableFields = 5;
    private const int HashtableStart = 3;
    private const float HashtableLoad = 0.72f;
    private const int BucketFields = 3;
    private const int ArrayListFields = 2;
    private const int ArrayListStart = 4;

    private static readonly int[] Primes =
    [
        3,
        7,
        11,
        17,
        23,
        29,
        37,
        47,
        59,
        71,
        89,
        107,
        131,
        163,
        197,
        239,
        293,
        353,
        431,
        521,
        631,
        761,
        919,
    ];

    /// <summary>An instance with so many fields, inherited ones too, whatever their types.</summary>
    public static int Object(int fields) => Block + (Block * fields);

    public static int Array(int length, int elementBytes) => RoundUp(ArrayHead + (length * elementBytes));

    public static int Array(Array array) => Array(array.Length, Element(array.GetType().GetElementType()!));

    /// <summary>A text that was made while the firmware ran.</summary>
    public static int String(string text) => RoundUp(Block + Encoding.UTF8.GetByteCount(text) + 1);

    /// <summary>The table and a bucket for each entry; keys and values aside.</summary>
    public static int Hashtable(Hashtable table)
    {
        int buckets = HashtableStart;
        while (table.Count > (int)(buckets * HashtableLoad))
        {
            buckets = Primes.First(prime => prime >= 2 * buckets);
        }

        return Object(HashtableFields) + Array(buckets, Block) + (table.Count * Object(BucketFields));
    }

    /// <summary>The list and its array; items aside.</summary>
    public static int ArrayList(ArrayList list)
    {
        int capacity = ArrayListStart;
        while (capacity < list.Count)
        {
            capacity = capacity * 3 / 2;
        }

        return Object(ArrayListFields) + Array(capacity, Block);
    }

    public static int Multicast(int handlers) =>
        handlers == 1 ? Delegate : (handlers * Delegate) + Array(handlers, Block);

    private static int Element(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean or TypeCode.Byte or TypeCode.SByte => 1,
        TypeCode.Char or TypeCode.Int16 or TypeCode.UInt16 => 2,
        TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => 4,
        TypeCode.Int64 or TypeCode.UInt64 or TypeCode.Double or TypeCode.DateTime => 8,
        _ => Block,
    };

    private static int RoundUp(int bytes) => (bytes + Block - 1) / Block * Block;
}
