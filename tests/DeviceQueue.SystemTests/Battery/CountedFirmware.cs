using System.Reflection;
using System.Runtime.Loader;
using DeviceQueue.Benchmarks.Counting;
using Mono.Cecil;
using Mono.Cecil.Cil;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Battery;

/// <summary>
/// The firmware once more, rewritten so that it tells the board of the instructions that it runs and of its pauses: how
/// long the chip works is known by them alone.
/// </summary>
internal sealed class CountedFirmware : AssemblyLoadContext
{
    private const string Sleep = "System.Void System.Threading.Thread::Sleep(System.Int32)";
    private const string ProgramName = "DeviceQueue.Esp32";

    private static readonly string[] Names = ["DeviceQueue", "DeviceQueue.NanoFramework", ProgramName];

    private CountedFirmware()
        : base(nameof(CountedFirmware))
    {
    }

    public static Action Main { get; } = Load();

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (!Names.Contains(assemblyName.Name))
        {
            return null;
        }

        using MemoryStream counting = Instrumenter.Rewrite(
            Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll"));
        using MemoryStream pausing = RewritePauses(counting);
        return LoadFromStream(pausing);
    }

    private static MemoryStream RewritePauses(MemoryStream assembly)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(assembly);
        MethodReference pause = module.ImportReference(typeof(EnergyAccount).GetMethod(nameof(EnergyAccount.Pause)));
        foreach (Instruction call in module.GetTypes().SelectMany(type => type.Methods)
            .Where(method => method.HasBody).SelectMany(method => method.Body.Instructions)
            .Where(instruction => instruction.Operand is MethodReference { FullName: Sleep }))
        {
            call.Operand = pause;
        }

        MemoryStream rewritten = new();
        module.Write(rewritten);
        rewritten.Position = 0;
        return rewritten;
    }

    private static Action Load()
    {
        Tally.Ran = EnergyAccount.CountInstructions;
        Assembly program = new CountedFirmware().LoadFromAssemblyName(new AssemblyName(ProgramName));
        return program.GetType(ProgramName + ".Program")!.GetMethod("Main")!.CreateDelegate<Action>();
    }
}
