using DeviceQueue.Readings;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace DeviceQueue.Benchmarks.Heap;

/// <summary>
/// The code of the firmware's assemblies, as far as it says what the program makes and where its threads wait.
/// </summary>
internal sealed class FirmwareCode : IDisposable
{
    /// <summary>The library, its adapters, the program.</summary>
    public static readonly string[] Names = ["DeviceQueue", "DeviceQueue.NanoFramework", "DeviceQueue.Esp32"];

    private static readonly string[] Waits = ["System.Threading.WaitHandle::WaitOne", "System.Threading.Thread::Sleep"];

    private readonly ModuleDefinition[] _modules;
    private readonly Dictionary<string, TypeDefinition> _types;
    private readonly HashSet<string> _holders; // of fields and their arrays, and of what a thread's first frame has

    public FirmwareCode()
        : this(Names)
    {
    }

    /// <summary>Reads assemblies: the library first, the program last.</summary>
    public FirmwareCode(params string[] names)
    {
        _modules = [.. names.Select(name => ModuleDefinition.ReadModule(PathOf(name)))];
        _types = _modules.SelectMany(module => module.GetTypes()).GroupBy(type => type.FullName)
            .ToDictionary(same => same.Key, same => same.First());
        _holders = FindHolders();
    }

    public IEnumerable<ModuleDefinition> Modules => _modules;

    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, name + ".dll");

    public void Dispose()
    {
        foreach (ModuleDefinition module in _modules)
        {
            module.Dispose();
        }
    }

    /// <summary>
    /// Weighs the threads that run for as long as the firmware does: Main, and each whose method loops.
    /// </summary>
    public Dictionary<string, int> WeighThreads() => FindThreadStarts().ToDictionary(
        start => HeapAccount.ThreadPrefix + start.DeclaringType.Name + "." + start.Name,
        start => Sizes.Thread + (Sizes.Frame * CountFrames(start)));

    /// <summary>
    /// Weighs what the program and its adapters are made of and the library's walk cannot see: of each class that code
    /// outside the library makes one object, with all that its constructor makes. What nothing can hold once the start
    /// is over is left out, and of the kinds of sensors all but the heaviest: a board has one.
    /// </summary>
    public Dictionary<string, int> WeighObjects(IReadOnlySet<string> seen)
    {
        Dictionary<string, int> bytes = [];
        foreach (MethodDefinition method in AllMethods().Where(method => method.Module != _modules[0]))
        {
            foreach (MethodDefinition made in MadeBy(method, seen).Where(made => CanBeHeld(made.DeclaringType)))
            {
                bytes.TryAdd(made.DeclaringType.FullName, WeighConstruction(made, seen));
            }
        }

        foreach (string lighter in bytes.Keys
            .GroupBy(name => _types[name].BaseType.FullName)
            .Where(kinds => _types.TryGetValue(kinds.Key, out TypeDefinition? parent) && parent.IsAbstract)
            .Where(kinds => KindsOf(_types[kinds.Key]).Contains(typeof(ISensor).FullName))
            .SelectMany(kinds => kinds.OrderByDescending(name => bytes[name]).Skip(1)))
        {
            bytes.Remove(lighter);
        }

        return bytes;
    }

    /// <summary>Tells whether a field, an array, a closure or a thread's first frame can hold such an object.</summary>
    private bool CanBeHeld(TypeDefinition type) =>
        type.Name.StartsWith('<') || KindsOf(type).Any(kind => _holders.Contains(kind));

    private HashSet<string> FindHolders() =>
    [
        .. _types.Values.SelectMany(type => type.Fields).Select(field => field.FieldType.GetElementType().FullName),
        .. FindThreadStarts().Select(start => start.DeclaringType.FullName),
        .. FindThreadStarts().SelectMany(start => start.Body.Variables).Select(local => local.VariableType.FullName),
    ];

    private IEnumerable<string> KindsOf(TypeDefinition type) =>
    [
        type.FullName,
        .. type.Interfaces.Select(implemented => implemented.InterfaceType.FullName),
        .. _types.TryGetValue(type.BaseType?.FullName ?? "", out TypeDefinition? parent) ? KindsOf(parent) : [],
    ];

    private IEnumerable<MethodDefinition> FindThreadStarts() => AllMethods()
        .Where(method => method.Body.Instructions.Any(IsNewThread))
        .SelectMany(method => method.Body.Instructions)
        .Where(instruction => instruction.OpCode == OpCodes.Ldftn)
        .Select(instruction => Resolve(instruction.Operand))
        .OfType<MethodDefinition>()
        .Where(Loops)
        .Append(_modules[^1].EntryPoint ?? AllMethods().Single(method => method is { Name: "Main", IsStatic: true }))
        .DistinctBy(start => start.FullName);

    private static bool IsNewThread(Instruction instruction) =>
        instruction.OpCode == OpCodes.Newobj
            && ((MethodReference)instruction.Operand).DeclaringType.FullName == "System.Threading.Thread";

    private static bool Loops(MethodDefinition method) =>
        method.Body.Instructions.Any(
            instruction => instruction.Operand is Instruction target && target.Offset <= instruction.Offset);

    private static bool NeverReturns(MethodDefinition method) =>
        method.Body.Instructions.All(instruction => instruction.OpCode != OpCodes.Ret);

    private static bool IsInCatch(MethodDefinition method, Instruction instruction) =>
        method.Body.ExceptionHandlers.Any(handler =>
        handler.HandlerType == ExceptionHandlerType.Catch
        && instruction.Offset >= handler.HandlerStart.Offset
        && (handler.HandlerEnd == null || instruction.Offset < handler.HandlerEnd.Offset));

    private static int CountFields(TypeDefinition type) =>
        type.Fields.Count(field => !field.IsStatic)
            + (type.BaseType is TypeDefinition parent ? CountFields(parent) : 0);

    /// <summary>
    /// Counts the frames from a thread's start to where it waits: through the loop that never ends, if there is one on
    /// the way.
    /// </summary>
    private int CountFrames(MethodDefinition start)
    {
        (MethodDefinition? loop, int toLoop) = Search(start, method => NeverReturns(method) && Loops(method));
        (_, int toWait) = Search(
            loop ?? start,
            method => CallsIn(method)
                .Any(called => Waits.Any(wait => called.FullName.Contains(wait, StringComparison.Ordinal))));
        return (loop == null ? 0 : toLoop) + toWait + 2; // the waiting method, and the frame of the wait itself
    }

    private (MethodDefinition? Found, int Depth) Search(MethodDefinition start, Predicate<MethodDefinition> isFound)
    {
        HashSet<string> seen = [start.FullName];
        Queue<(MethodDefinition Method, int Depth)> left = new([(start, 0)]);
        while (left.TryDequeue(out (MethodDefinition Method, int Depth) next))
        {
            if (isFound(next.Method))
            {
                return next;
            }

            foreach (MethodDefinition called in
                CallsIn(next.Method)
                    .Select(Resolve)
                    .OfType<MethodDefinition>()
                    .Where(called => called.HasBody && seen.Add(called.FullName)))
            {
                left.Enqueue((called, next.Depth + 1));
            }
        }

        return (null, 0);
    }

    private static IEnumerable<MethodReference> CallsIn(MethodDefinition method) => method.Body.Instructions
        .Where(instruction => instruction.OpCode.Code is Code.Call or Code.Callvirt && !IsInCatch(method, instruction))
        .Select(instruction => (MethodReference)instruction.Operand);

    private IEnumerable<MethodDefinition> AllMethods() =>
        _modules.SelectMany(module => module.GetTypes())
            .SelectMany(type => type.Methods)
            .Where(method => method.HasBody);

    private MethodDefinition? Resolve(object operand)
    {
        MethodReference method = (MethodReference)operand;
        return _types.TryGetValue(method.DeclaringType.FullName, out TypeDefinition? type)
            ? type.Methods.FirstOrDefault(own => own.FullName == method.FullName)
            : null;
    }

    private IEnumerable<MethodDefinition> MadeBy(MethodDefinition method, IReadOnlySet<string> seen) =>
        method.Body.Instructions
        .Where(instruction => instruction.OpCode == OpCodes.Newobj && !IsInCatch(method, instruction))
        .Select(instruction => Resolve(instruction.Operand))
        .OfType<MethodDefinition>()
        .Where(made => made.HasBody && !made.DeclaringType.IsValueType && !seen.Contains(made.DeclaringType.FullName));

    private int WeighConstruction(MethodDefinition constructor, IReadOnlySet<string> seen)
    {
        int bytes = Sizes.Object(CountFields(constructor.DeclaringType));
        foreach (Instruction instruction in constructor.Body.Instructions)
        {
            if (instruction.OpCode == OpCodes.Newarr && TryGetLength(instruction.Previous, out int length))
            {
                bytes += Sizes.Array(
                    length,
                    ((TypeReference)instruction.Operand).MetadataType is MetadataType.Byte or MetadataType.Boolean
                        ? 1
                        : Sizes.Block);
            }
            else if (instruction.OpCode == OpCodes.Newobj && Resolve(instruction.Operand) == null)
            {
                bytes += Sizes.Object(0);
            }
        }

        return bytes + MadeBy(constructor, seen).Sum(made => WeighConstruction(made, seen));
    }

    private static bool TryGetLength(Instruction instruction, out int length)
    {
        length = instruction.OpCode.Code switch
        {
            >= Code.Ldc_I4_0 and <= Code.Ldc_I4_8 => instruction.OpCode.Code - Code.Ldc_I4_0,
            Code.Ldc_I4_S => (sbyte)instruction.Operand,
            Code.Ldc_I4 => (int)instruction.Operand,
            _ => -1,
        };
        return length >= 0;
    }
}
