using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DeviceQueue.Tests;

/// <summary>The rules that keep the firmware easy to change, asserted from its sources.</summary>
public sealed partial class Tidy_Tests
{
    private const int MaxFunctionLines = 70;
    private const int MaxColumns = 120;
    private const int MaxArguments = 5;
    private const int MaxClassLines = 400;
    private const string Worker = "ConnectionWorker.cs";

    private static readonly string Firmware = Path.GetFullPath(Path.Combine(Here(), "..", "..", "firmware"));
    private static readonly SearchOption Deep = SearchOption.AllDirectories;

    private static readonly string[] Folders =
    [
        "Text", "Storage", "Diagnostics", "Time", "Configuration", "Mqtt", "Messaging", "Readings",
        "Outputs", "Settings", "Health", "Commands", "Sleep", "HomeAssistant",
    ];

    /// <summary>The library: what each board has, and what only programs use that run queues as components.</summary>
    private static readonly string[] Library = ["DeviceQueue", "DeviceQueue.Components"];

    private static readonly string[] Twins = ["FlashStore.cs", "SystemClock.cs"];

    public static TheoryData<string> Projects =>
        [.. Directory.GetDirectories(Firmware, "DeviceQueue*").Select(folder => Path.GetFileName(folder))];

    [Fact]
    public void The_library_reaches_neither_clock_nor_chance_nor_files_nor_sockets_but_through_its_interfaces()
    {
        Regex banned = Banned();
        var found = from file in Library.SelectMany(Sources)
                    from line in Code(file).Index()
                    where banned.IsMatch(line.Item)
                    select $"{file}({line.Index + 1}): {line.Item.Trim()}";

        Assert.Empty(found);
    }

    /// <summary>
    /// Each of these is shown to live on after an exception (Threads_Tests); a further one needs the same test.
    /// </summary>
    [Fact]
    public void There_are_three_threads_and_no_timers()
    {
        var starts = from project in Projects.Select(row => row.Data)
                     from file in Sources(project)
                     from line in Code(file)
                     where line.Contains("new Thread(") || line.Contains("new Timer(")
                     select project + "/" + Path.GetFileName(file) + ": " + line.Trim();

        Assert.Equal(
            [
                "DeviceQueue.Esp32/Supervisor.cs: Thread record = new Thread(Record);",
                "DeviceQueue.Esp32/Supervisor.cs: new Thread(Run).Start();",
                "DeviceQueue/" + Worker + ": new Thread(Run).Start();",
            ],
            starts.Order(StringComparer.Ordinal));
    }

    /// <summary>So each folder can be read with those before it alone, and no two use each other.</summary>
    [Fact]
    public void A_folder_uses_only_folders_that_stand_before_it()
    {
        var found = from file in Sources("DeviceQueue")
                    let folder = FolderOf(file)
                    where folder != ""
                    from used in Uses(file)
                    where Array.IndexOf(Folders, used) is var place
                        && (place < 0 || place >= Array.IndexOf(Folders, folder))
                    select $"{folder}/{Path.GetFileName(file)} uses {used}";

        Assert.Empty(found);
        Assert.Equal(
            Folders.Order(), Sources("DeviceQueue").Select(FolderOf).Where(folder => folder != "").Distinct().Order());
    }

    [Fact]
    public void A_class_is_in_the_namespace_of_its_folder()
    {
        var found = from project in Library
                    from file in Sources(project)
                    let folder = Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(Firmware, project), file))
                    let name = (project + "." + folder).TrimEnd('.')
                    where Code(file).Any(TypeDeclaration().IsMatch) && !Code(file).Contains("namespace " + name)
                    select file;

        Assert.Empty(found);
    }

    /// <summary>So a board pays nothing for what only other programs use.</summary>
    [Fact]
    public void The_components_are_not_in_the_image_of_a_board()
    {
        string[] image = [.. Used("DeviceQueue.Esp32").Append("DeviceQueue.Esp32").Order(StringComparer.Ordinal)];

        Assert.Equal(["DeviceQueue", "DeviceQueue.Esp32", "DeviceQueue.NanoFramework"], image);
        Assert.Equal(["DeviceQueue"], Used("DeviceQueue.Components"));
    }

    [Fact]
    public void Every_function_fits_a_screen()
    {
        var found = from project in Projects.Select(row => row.Data)
                    from file in Sources(project)
                    from function in Functions(file)
                    where function.Lines > MaxFunctionLines
                    select $"{file}({function.Line}): {function.Lines} lines";

        Assert.Empty(found);
    }

    [Fact]
    public void No_line_has_more_than_120_columns()
    {
        var found = from folder in (string[])["firmware", "tests", "tools"]
                    from file in Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", Deep)
                    let path = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
                    where !path.Split('/').Any(part => part is "bin" or "obj")
                    from line in File.ReadAllLines(file).Index()
                    where line.Item.Length > MaxColumns
                    select $"{path}({line.Index + 1}): {line.Item.Length} columns";

        Assert.Empty(found);
    }

    [Fact]
    public void Sentences_are_plain_English()
    {
        var found = from folder in (string[])["firmware", "tools"]
                    from file in Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", Deep)
                    where !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")
                    from line in File.ReadAllLines(file).Index()
                    where Dialect().IsMatch(line.Item)
                    select $"{file}({line.Index + 1}): {line.Item.Trim()}";

        Assert.Empty(found);
    }

    [Fact]
    public void No_constructor_takes_more_than_five_arguments()
    {
        var found = from project in Projects.Select(row => row.Data)
                    from file in Sources(project)
                    let text = string.Join('\n', Code(file))
                    from Match type in TypeName().Matches(text)
                    from Match constructor in Constructor(type.Groups[1].Value).Matches(text)
                    let arguments = constructor.Groups[1].Value.Split(',').Length
                    where arguments > MaxArguments
                    select $"{Path.GetFileName(file)}: {arguments} arguments";

        Assert.Empty(found);
    }

    /// <summary>A file has one class, with what belongs to it alone.</summary>
    [Fact]
    public void No_class_has_more_than_400_lines()
    {
        var found = from project in Projects.Select(row => row.Data)
                    from file in Sources(project)
                    where File.ReadAllLines(file).Length > MaxClassLines
                    select Path.GetFileName(file);

        Assert.Empty(found);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Device_and_desktop_are_built_from_the_same_sources(string project)
    {
        string folder = Path.Combine(Firmware, project);
        string[] device =
        [
            .. Items(Path.Combine(folder, project + ".nfproj"), "Include")
                .Where(file => !Twins.Contains(file))
                .Order(StringComparer.Ordinal),
        ];
        string[] removed = [.. Items(Path.Combine(folder, project + ".csproj"), "Remove")];
        string[] added = [.. Items(Path.Combine(folder, project + ".csproj"), "Include")];
        var desktop = Sources(project)
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Except(removed)
            .Union(added)
            .Where(file => !Twins.Any(twin => file == "Desktop/" + twin));

        Assert.Equal(device, desktop.Order(StringComparer.Ordinal));
        Assert.Equal(
            Items(Path.Combine(folder, project + ".nfproj"), "Include").Distinct().Count(),
            Items(Path.Combine(folder, project + ".nfproj"), "Include").Count());
        Assert.All(removed, file => Assert.Contains(file, Twins));
    }

    [Fact]
    public void Each_twin_stands_for_a_file_of_the_device()
    {
        string[] twins =
        [
            .. Directory.GetFiles(Firmware, "*.cs", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "Desktop"),
        ];

        Assert.Equal(Twins, twins.Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.All(
            twins,
            file => Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(file)!, "..", Path.GetFileName(file)))));
    }

    [Fact]
    public void The_measure_of_a_function_is_right()
    {
        string file = Path.Combine(Firmware, "DeviceQueue", "Mqtt", Worker);

        Assert.Contains(
            Functions(file), function => function.Lines > 5 && Code(file)[function.Line - 1].Contains("Start()"));
        Assert.True(Functions(file).Count() > 3);
    }

    [GeneratedRegex(
        @"Thread\.Sleep|DateTime\.UtcNow|DateTime\.Now|Environment\.TickCount|new Random\(|\bFile\.|\bDirectory\."
        + @"|Socket|Guid\.NewGuid|new Timer\(")]
    private static partial Regex Banned();

    [GeneratedRegex(
        @"\b(whoever|somebody|nobody|anew|for good|caretaker|farewell|floor mark|life record|dialer)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Dialect();

    [GeneratedRegex(@"\bDeviceQueue\.(\w+)|\b(DeviceNode)\b")]
    private static partial Regex Use();

    [GeneratedRegex(@"\b(?:class|struct) (\w+)")]
    private static partial Regex TypeName();

    private static Regex Constructor(string type) =>
        new($@"\b(?:public|internal|protected|private) {type}\(([^)]*)\)");

    private static string FolderOf(string file) =>
        Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(Firmware, "DeviceQueue"), file))!;

    /// <summary>The folders that a file names, in its usings or elsewhere; the node stands above all of them.</summary>
    private static IEnumerable<string> Uses(string file) =>
        from line in Code(file)
        from Match match in Use().Matches(line)
        let used = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value
        where used != FolderOf(file)
        select used;

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static IEnumerable<string> Sources(string project)
    {
        return Directory.GetFiles(Path.Combine(Firmware, project), "*.cs", SearchOption.AllDirectories)
            .Where(
                file => !Path.GetRelativePath(Firmware, file)
                    .Split(Path.DirectorySeparatorChar)
                    .Any(part => part is "bin" or "obj"));
    }

    /// <summary>The projects that a project of the device references, and those that they do.</summary>
    private static IEnumerable<string> Used(string project) =>
        XDocument.Load(Path.Combine(Firmware, project, project + ".nfproj")).Descendants()
            .Where(element => element.Name.LocalName == "ProjectReference")
            .Select(element => element.Attribute("Include")!.Value.Split('\\')[1])
            .SelectMany(used => Used(used).Append(used))
            .Distinct();

    private static IEnumerable<string> Items(string project, string attribute)
    {
        return XDocument.Load(project).Descendants()
            .Where(element => element.Name.LocalName == "Compile")
            .SelectMany(
                element => (element.Attribute(attribute)?.Value ?? "")
                    .Split(';', StringSplitOptions.RemoveEmptyEntries))
            .Select(file => file.Replace('\\', '/'));
    }

    /// <summary>The lines of a file without comments.</summary>
    private static string[] Code(string file) => [.. File.ReadAllLines(file).Select(line => line.Split("//")[0])];

    /// <summary>
    /// Finds functions by their braces, which stand in lines of their own at the depth of a member: 8 spaces, or 12 in
    /// a nested type.
    /// </summary>
    private static IEnumerable<(int Line, int Lines)> Functions(string file)
    {
        string[] lines = Code(file);
        for (int i = 1; i < lines.Length; i++)
        {
            string indent = lines[i][..(lines[i].Length - lines[i].TrimStart().Length)];
            bool isMember = lines[i].Trim() == "{" && indent.Length is 8 or 12
                && !TypeDeclaration().IsMatch(lines[i - 1]);
            if (isMember)
            {
                int end = Array.FindIndex(lines, i, line => line.StartsWith(indent + "}", StringComparison.Ordinal));
                yield return (i, end - i + 2);
            }
        }
    }

    [GeneratedRegex(@"\b(class|struct|interface|enum)\b")]
    private static partial Regex TypeDeclaration();
}
