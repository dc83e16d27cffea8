using DeviceQueue.Benchmarks.Heap;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace DeviceQueue.Benchmarks.Counting;

/// <summary>
/// Rewrites an assembly so that it tells <see cref="Tally"/> of each block of instructions that it runs and of all that
/// it allocates, and shares no text that the interpreter would copy.
/// </summary>
internal sealed class Instrumenter
{
    // Each entry is a bucket, and a table that grows makes all its buckets and their array once more.
    private const int HashtableEntry = 48 + 96;

    // What an external method returns is new, but for these, which give what is there.
    private static readonly HashSet<string> Getters =
    [
        "get_Message", "get_Name", "get_FullName", "get_Item", "get_Value", "get_Key", "get_Current", "Intern",
        "GetValue",
    ];

    private readonly ModuleDefinition _module;
    private readonly MethodReference _run;
    private readonly MethodReference _make;
    private readonly MethodReference _makeArray;
    private readonly MethodReference _makeText;
    private readonly MethodReference _makeLiteral;
    private readonly MethodReference _makeDecoded;

    private Instrumenter(ModuleDefinition module)
    {
        _module = module;
        _run = Import(nameof(Tally.Run));
        _make = Import(nameof(Tally.Make));
        _makeArray = Import(nameof(Tally.MakeArray));
        _makeText = Import(nameof(Tally.MakeText));
        _makeLiteral = Import(nameof(Tally.MakeLiteral));
        _makeDecoded = Import(nameof(Tally.MakeDecoded));

        MethodReference Import(string name) => module.ImportReference(typeof(Tally).GetMethod(name));
    }

    public static MemoryStream Rewrite(string path)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(path);
        Instrumenter instrumenter = new(module);
        foreach (MethodDefinition method in
            module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            instrumenter.Rewrite(method.Body);
        }

        MemoryStream rewritten = new();
        module.Write(rewritten);
        rewritten.Position = 0;
        return rewritten;
    }

    private void Rewrite(MethodBody body)
    {
        body.SimplifyMacros();
        Instruction[] original = [.. body.Instructions];
        HashSet<Instruction> leaders = FindLeaders(body, original);
        Dictionary<Instruction, Instruction> starts = [];
        List<Instruction> rewritten = [];
        for (int i = 0; i < original.Length; i++)
        {
            Instruction instruction = original[i];
            int first = rewritten.Count;
            if (leaders.Contains(instruction))
            {
                rewritten.Add(Instruction.Create(OpCodes.Ldc_I4, CountBlock(original, i, leaders)));
                rewritten.Add(Instruction.Create(OpCodes.Call, _run));
            }

            rewritten.AddRange(Before(instruction));
            rewritten.Add(instruction);
            rewritten.AddRange(After(instruction));
            starts[instruction] = rewritten[first];
        }

        body.Instructions.Clear();
        foreach (Instruction instruction in rewritten)
        {
            body.Instructions.Add(instruction);
        }

        Retarget(body, original, starts);
        body.OptimizeMacros();
    }

    private static HashSet<Instruction> FindLeaders(MethodBody body, Instruction[] instructions)
    {
        HashSet<Instruction> leaders = [instructions[0]];
        foreach (Instruction instruction in instructions)
        {
            if (instruction.Operand is Instruction target)
            {
                leaders.Add(target);
            }
            else if (instruction.Operand is Instruction[] targets)
            {
                leaders.UnionWith(targets);
            }

            bool ends = instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch;
            if (ends && instruction.Next != null)
            {
                leaders.Add(instruction.Next);
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            leaders.Add(handler.HandlerStart);
            if (handler.FilterStart != null)
            {
                leaders.Add(handler.FilterStart);
            }
        }

        return leaders;
    }

    private static int CountBlock(Instruction[] instructions, int start, HashSet<Instruction> leaders)
    {
        int end = start + 1;
        while (end < instructions.Length && !leaders.Contains(instructions[end]))
        {
            end++;
        }

        return end - start;
    }

    private static void Retarget(MethodBody body, Instruction[] original, Dictionary<Instruction, Instruction> starts)
    {
        foreach (Instruction instruction in original)
        {
            instruction.Operand = instruction.Operand switch
            {
                Instruction target => starts[target],
                Instruction[] targets => targets.Select(target => starts[target]).ToArray(),
                _ => instruction.Operand,
            };
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            handler.TryStart = starts[handler.TryStart];
            handler.TryEnd = starts[handler.TryEnd];
            handler.HandlerStart = starts[handler.HandlerStart];
            handler.HandlerEnd = handler.HandlerEnd == null ? null : starts[handler.HandlerEnd];
            handler.FilterStart = handler.FilterStart == null ? null : starts[handler.FilterStart];
        }
    }

    private IEnumerable<Instruction> Before(Instruction instruction)
    {
        int bytes = instruction.OpCode.Code switch
        {
            Code.Box => Sizes.Boxed,
            Code.Newobj => WeighNew(((MethodReference)instruction.Operand).DeclaringType),
            Code.Call or Code.Callvirt => WeighCall((MethodReference)instruction.Operand),
            _ => 0,
        };
        if (bytes > 0)
        {
            yield return Instruction.Create(OpCodes.Ldc_I4, bytes);
            yield return Instruction.Create(OpCodes.Call, _make);
        }
    }

    private IEnumerable<Instruction> After(Instruction instruction)
    {
        MethodReference? maker = instruction.OpCode.Code switch
        {
            Code.Ldstr => _makeLiteral,
            Code.Newarr => _makeArray,
            Code.Newobj when (
                (MethodReference)instruction.Operand).DeclaringType.MetadataType == MetadataType.String => _makeText,
            Code.Call or Code.Callvirt when IsForeign(
                (MethodReference)instruction.Operand) => MakerOf((MethodReference)instruction.Operand),
            _ => null,
        };
        if (maker == _makeArray)
        {
            yield return Instruction.Create(OpCodes.Dup);
        }

        if (maker != null)
        {
            yield return Instruction.Create(OpCodes.Call, maker);
        }
    }

    private MethodReference? MakerOf(MethodReference called)
    {
        if (Getters.Contains(called.Name))
        {
            return null;
        }

        if (called.DeclaringType.FullName == "System.Text.Encoding" && called.Name == "GetString")
        {
            return _makeDecoded;
        }

        return called.ReturnType.MetadataType == MetadataType.String
            ? _makeText
            : called.ReturnType.IsArray
            ? _makeArray
            : null;
    }

    private bool IsForeign(MethodReference called) =>
        called.DeclaringType.Scope != _module && called.DeclaringType.Scope is AssemblyNameReference;

    private static int WeighNew(TypeReference type)
    {
        TypeDefinition definition = type.Resolve();
        if (definition.IsValueType || definition.MetadataType == MetadataType.String)
        {
            return 0;
        }

        if (IsA(definition, "System.Delegate"))
        {
            return Sizes.Delegate;
        }

        return definition.FullName switch
        {
            "System.Text.StringBuilder" => Sizes.StringBuilder,
            "System.Collections.Hashtable" => Sizes.Hashtable([]),
            "System.Collections.ArrayList" => Sizes.ArrayList([]),
            _ => Sizes.Object(CountFields(definition)),
        };
    }

    private static int WeighCall(MethodReference called) =>
        called.DeclaringType.FullName == "System.Collections.Hashtable" && called.Name is "Add" or "set_Item"
            ? HashtableEntry
            : 0;

    private static int CountFields(TypeDefinition type)
    {
        if (type.FullName == "System.Exception")
        {
            return Sizes.ExceptionFields;
        }

        // What the desktop's own classes are made of says nothing of the interpreter's.
        bool isOwn = type.FullName.StartsWith("DeviceQueue", StringComparison.Ordinal);
        int fields = isOwn ? type.Fields.Count(field => !field.IsStatic) : 0;
        return fields + (type.BaseType == null ? 0 : CountFields(type.BaseType.Resolve()));
    }

    private static bool IsA(TypeDefinition type, string name) =>
        type.BaseType != null && (type.BaseType.FullName == name || IsA(type.BaseType.Resolve(), name));
}
