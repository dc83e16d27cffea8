using FsCheck;
using FsCheck.Fluent;

namespace DeviceQueue.Tests;

/// <summary>What the fuzzing tests share: each failure prints the seed that repeats it.</summary>
internal static class Fuzz
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(2000).WithQuietOnSuccess(true);

    public static void ForAll<T>(Gen<T> values, Action<T> promise)
    {
        Check.One(Runs, Prop.ForAll(values.ToArbitrary(), promise));
    }

    /// <summary>One of the texts with up to four bytes changed, put in or taken out.</summary>
    public static Gen<byte[]> Mutated(params string[] corpus) =>
        Mutated(Array.ConvertAll(corpus, System.Text.Encoding.UTF8.GetBytes));

    /// <summary>One of the arrays with up to four bytes changed, put in or taken out.</summary>
    public static Gen<byte[]> Mutated(params byte[][] corpus)
    {
        var edit = from kind in Gen.Choose(0, 3)
                   from place in Gen.Choose(0, 4096)
                   from value in Gen.OneOf(
                       Gen.Choose(0, 255),
                       Gen.Elements(Array.ConvertAll("\"\\{}[]:,u0D8e-.ntf".ToCharArray(), c => (int)c)))
                   select (kind, place, value: (byte)value);
        return from text in Gen.Elements(corpus)
               from edits in Gen.Choose(0, 4).SelectMany(count => edit.ArrayOf(count))
               select Apply(text, edits);
    }

    private static byte[] Apply(byte[] bytes, (int Kind, int Place, byte Value)[] edits)
    {
        var result = bytes.ToList();
        foreach (var (kind, place, value) in edits)
        {
            int at = result.Count == 0 ? 0 : place % result.Count;
            if (kind == 0 || result.Count == 0)
            {
                result.Insert(at, value);
            }
            else if (kind == 1)
            {
                result.RemoveAt(at);
            }
            else if (kind == 2)
            {
                result.RemoveRange(at, Math.Min(result.Count - at, value));
            }
            else
            {
                result[at] = value;
            }
        }

        return [.. result];
    }
}
