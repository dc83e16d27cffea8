using Mono.Cecil;
using Mono.Cecil.Cil;

namespace DeviceQueue.Benchmarks.Heap;

/// <summary>
/// What the interpreter keeps in the heap for each assembly, used or not: tables of its types, methods and fields, and
/// of what it refers to in other assemblies.
/// </summary>
internal static class TypeTables
{
    private const int BytesPerAssembly = 200;
    private const int BytesPerType = 8;
    private const int BytesPerMethod = 3; // one of them in an image that can debug
    private const int BytesPerField = 2;
    private const int BytesPerReference = 4;

    public static int Weigh(ModuleDefinition module)
    {
        TypeDefinition[] types = [.. module.GetTypes().Where(type => !IsLeftOut(type))];
        FieldDefinition[] fields = [.. types.SelectMany(type => type.Fields).Where(field => !field.HasConstant)];
        return BytesPerAssembly
            + (BytesPerType * types.Length)
            + (BytesPerMethod * types.Sum(type => type.Methods.Count))
            + (BytesPerField * fields.Length)
            + (Sizes.StaticField * fields.Count(field => field.IsStatic))
            + (BytesPerReference * FindReferences(types).Count);
    }

    /// <summary>The device's compiler makes none of these, or they do not reach the board.</summary>
    private static bool IsLeftOut(TypeDefinition type) =>
        type.FullName == "<Module>" || type.BaseType?.FullName == "System.Attribute";

    private static HashSet<string> FindReferences(TypeDefinition[] types)
    {
        HashSet<string> found = [];
        foreach (TypeDefinition type in types)
        {
            Add(type.BaseType);
            foreach (InterfaceImplementation implemented in type.Interfaces)
            {
                Add(implemented.InterfaceType);
            }

            foreach (FieldDefinition field in type.Fields)
            {
                Add(field.FieldType);
            }

            foreach (MethodDefinition method in type.Methods)
            {
                AddMethod(method);
            }
        }

        return found;

        void AddMethod(MethodDefinition method)
        {
            Add(method.ReturnType);
            foreach (ParameterDefinition parameter in method.Parameters)
            {
                Add(parameter.ParameterType);
            }

            if (!method.HasBody)
            {
                return;
            }

            foreach (VariableDefinition variable in method.Body.Variables)
            {
                Add(variable.VariableType);
            }

            foreach (ExceptionHandler handler in method.Body.ExceptionHandlers)
            {
                Add(handler.CatchType);
            }

            foreach (Instruction instruction in method.Body.Instructions)
            {
                AddOperand(instruction.Operand);
            }
        }

        void AddOperand(object? operand)
        {
            if (operand is TypeReference type)
            {
                Add(type);
            }
            else if (operand is MemberReference and not IMemberDefinition)
            {
                MemberReference member = (MemberReference)operand;
                found.Add(member.FullName);
                Add(member.DeclaringType);
            }
        }

        void Add(TypeReference? type)
        {
            TypeReference? element = type?.GetElementType();
            while (element is TypeSpecification specification)
            {
                element = specification.ElementType;
            }

            // A signature has a code of one byte for these.
            if (element is not null and not TypeDefinition
                && element.MetadataType is MetadataType.Class or MetadataType.ValueType)
            {
                found.Add(element.FullName);
            }
        }
    }
}
