using System.Reflection;
using System.Runtime.Loader;
using DeviceQueue.Benchmarks.Heap;

namespace DeviceQueue.Benchmarks.Counting;

/// <summary>This program once more, over a library that <see cref="Instrumenter"/> has rewritten.</summary>
internal sealed class CountingContext : AssemblyLoadContext
{
    private CountingContext()
        : base(nameof(CountingContext))
    {
    }

    /// <summary>Runs a static method of this program there.</summary>
    public static T Run<T>(Func<T> method)
    {
        Assembly there = new CountingContext().LoadFromAssemblyPath(typeof(CountingContext).Assembly.Location);
        MethodInfo twin = there.GetType(method.Method.DeclaringType!.FullName!)!
            .GetMethod(method.Method.Name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
        return twin.CreateDelegate<Func<T>>()();
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string library = FirmwareCode.Names[0];
        if (assemblyName.Name != library)
        {
            return null;
        }

        using MemoryStream rewritten = Instrumenter.Rewrite(FirmwareCode.PathOf(library));
        return LoadFromStream(rewritten);
    }
}
