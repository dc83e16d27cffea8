using Mono.Cecil;
using Mono.Cecil.Cil;

namespace DeviceQueue.Tests;

/// <summary>
/// The interpreter gives the first half of a character above U+FFFF for its second half, too: <c>text[i]</c> is right
/// only for one who does not care which half it is. Texts become code points in <c>Text/Utf8.cs</c> alone.
/// </summary>
public sealed class TextIndexing_Tests
{
    private static readonly string[] Assemblies =
        ["DeviceQueue", "DeviceQueue.Components", "DeviceQueue.NanoFramework", "DeviceQueue.Esp32"];

    /// <summary>Gets the files that index texts, each with the reason why it may.</summary>
    private static readonly SortedDictionary<string, string> Allowed = new(StringComparer.Ordinal)
    {
        ["DeviceQueue.Components/QueueTopic.cs"] = "looks for wildcards and slashes",
        ["DeviceQueue/Configuration/ConfigReader.cs"] = "looks for control characters, reads digits and words of ASCII",
        ["DeviceQueue/Configuration/ConnectionConfig.cs"] = "reads digits of a key",
        ["DeviceQueue/Configuration/ConnectionParams.cs"] = "takes ASCII and nothing else for a host",
        ["DeviceQueue/Configuration/JsonConfigReader.cs"] = "compares bytes with the name of a section, in ASCII",
        ["DeviceQueue/Messaging/LogSegments.cs"] = "takes a digit out of a constant",
        ["DeviceQueue/Messaging/MessageBuffer.cs"] = "counts bytes, 2 for each half of a pair whichever it is; "
            + "compares ASCII",
        ["DeviceQueue/Messaging/QueueOptions.cs"] = "takes ASCII and nothing else for a file's name",
        ["DeviceQueue/Mqtt/ConnectionResolver.cs"] = "compares bytes with a text of the firmware's own, in ASCII",
        ["DeviceQueue/Mqtt/DeviceTopics.cs"] = "compares bytes with a text of the firmware's own, in ASCII",
        ["DeviceQueue/Mqtt/TopicFilter.cs"] = "looks for wildcards and slashes; halves are compared "
            + "as ToCharArray gives them",
        ["DeviceQueue/Readings/LateReadings.cs"] = "compares bytes with a text of the firmware's own, in ASCII",
        ["DeviceQueue/Settings/DeviceSettings.cs"] = "takes ASCII and nothing else for a key or a unit",
        ["DeviceQueue/Text/JsonScanner.cs"] = "compares bytes with the words of JSON, in ASCII",
        ["DeviceQueue/Text/JsonText.cs"] = "compares plain bytes; all else goes through Utf8",
        ["DeviceQueue/Text/JsonWriter.cs"] = "writes plain bytes; all else goes through Utf8",
        ["DeviceQueue/Text/PlainText.cs"] = "takes ASCII and nothing else for a name",
        ["DeviceQueue/Text/Utf8.cs"] = "makes code points, with ToCharArray for the second half",
        ["DeviceQueue/Text/WordList.cs"] = "compares bytes with words of the firmware's own, in ASCII",
    };

    [Fact]
    public void Each_file_that_indexes_texts_has_a_reason_why_it_may()
    {
        Assert.Equal(Allowed.Keys, Assemblies.SelectMany(FilesThatIndex).Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> FilesThatIndex(string assembly)
    {
        using var module = ModuleDefinition.ReadModule(
            Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), new ReaderParameters { ReadSymbols = true });
        foreach (MethodDefinition method in
            module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            if (method.Body.Instructions.Any(IsIndexer))
            {
                string file = method.DebugInformation.SequencePoints[0].Document.Url.Replace('\\', '/');
                yield return file[(file.IndexOf("/firmware/", StringComparison.Ordinal) + "/firmware/".Length)..];
            }
        }
    }

    // A foreach over a text is the same call.
    private static bool IsIndexer(Instruction instruction) =>
        instruction.Operand is MethodReference { Name: "get_Chars", DeclaringType.FullName: "System.String" };
}
