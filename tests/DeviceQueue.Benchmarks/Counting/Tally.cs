using System.Diagnostics;
using System.Runtime.CompilerServices;
using DeviceQueue.Benchmarks.Heap;

namespace DeviceQueue.Benchmarks.Counting;

/// <summary>
/// What rewritten code reports of itself: each allocation in the interpreter's bytes, and each block of instructions.
/// </summary>
public static class Tally
{
    private const int CallerFrame = 2;

    private static readonly ConditionalWeakTable<string, object> Literals = [];
    private static readonly object Mark = new();
    private static bool _isWatching;

    public static long Allocations { get; private set; }

    public static long Bytes { get; private set; }

    public static long Instructions { get; private set; }

    /// <summary>Gets or sets what else hears of each block of instructions.</summary>
    public static Action<int>? Ran { get; set; }

    /// <summary>Gets the largest allocations since <see cref="Watch"/> by the method that made them.</summary>
    public static Dictionary<string, int> Largest { get; } = [];

    /// <summary>Starts to note who allocates more than a goal allows in one piece.</summary>
    public static void Watch() => _isWatching = true;

    public static void Run(int instructions)
    {
        Instructions += instructions;
        Ran?.Invoke(instructions);
    }

    public static void Make(int bytes)
    {
        Allocations++;
        Bytes += bytes;
        if (_isWatching && bytes > Goals.LargestPiece)
        {
            Note(bytes);
        }
    }

    public static void MakeArray(Array? array)
    {
        if (array != null)
        {
            Make(Sizes.Array(array));
        }
    }

    /// <summary>
    /// Makes a text new where the desktop may have given one that was there: the interpreter copies always.
    /// </summary>
    public static string? MakeText(string? text)
    {
        if (text == null)
        {
            return null;
        }

        string made = new(text.AsSpan());
        Make(Sizes.String(made));
        return made;
    }

    /// <summary>
    /// A text that System.Text makes of bytes: three more allocations on the way, as seen on the interpreter.
    /// </summary>
    public static string? MakeDecoded(string? text)
    {
        Make(Sizes.Object(0)); // Encoding.UTF8
        Make(Sizes.Array(text?.Length ?? 0, sizeof(char)));
        Make(Sizes.Object(0));
        return MakeText(text);
    }

    /// <summary>
    /// Makes a literal new: each time that the interpreter comes by one it makes a reference to the flash, of a block.
    /// </summary>
    public static string MakeLiteral(string text)
    {
        string made = new(text.AsSpan());
        Literals.AddOrUpdate(made, Mark);
        Make(Sizes.Literal);
        return made;
    }

    public static bool IsLiteral(string text) => Literals.TryGetValue(text, out _);

    private static void Note(int bytes)
    {
        System.Reflection.MethodBase? method = new StackTrace()
            .GetFrames()
            .Skip(CallerFrame)
            .Select(frame => frame.GetMethod())
            .FirstOrDefault(method => method?.DeclaringType != typeof(Tally));
        string name = method?.DeclaringType?.Name + "." + method?.Name;
        Largest[name] = Math.Max(Largest.GetValueOrDefault(name), bytes);
    }
}
