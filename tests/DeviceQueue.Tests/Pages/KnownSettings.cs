using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Messaging;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Configuration;

namespace DeviceQueue.Tests.Pages;

/// <summary>A setting as the readers know it.</summary>
internal sealed record KnownSetting(string Key, string Default, string Range);

/// <summary>
/// Asks the readers which keys they know, so that no list of settings stands beside them. Candidates are all texts of
/// the library's assembly. A reader that refuses a value names the range, and the default is the value that changes
/// nothing.
/// </summary>
internal static partial class KnownSettings
{
    private const string Refused = "\u0001";
    private const string NoPin = "-1";
    private const string None = "none";
    private const string Required = "required";
    private const string WithoutEffect = "without effect";
    private const string OnlyForPrograms = " has no effect on a device";
    private const string NotKnown = " is not a known key and has no effect";

    private static readonly Assembly[] Library = [typeof(ConfigReader).Assembly, typeof(QueueConfig).Assembly];

    private static readonly string[] Sections =
        ["", "device.outputs.0.", "connection.", "credential.", "tls.", "options.", "will."];

    // What must be there beside a setting of the section.
    private static readonly (string Section, string Key, string Value)[] Companions =
    [
        ("", "connection.host", "h"),
        ("device.awake_ms", "device.sleep", "true"),
        ("device.connect_every", "device.sleep", "true"),
        ("device.connect_every", "device.command_ttl_ms", "60000"),
        ("device.battery.", "device.battery.pin", "33"),
        ("device.outputs.0.", "device.outputs.0.name", "n"),
        ("device.outputs.0.", "device.outputs.0.pin", "4"),
        ("credential.", "credential.username", "u"),
        ("will.", "will.topic", "t"),
    ];

    private delegate object? Reader(ConfigParams config, ConfigProblems problems);

    public static IReadOnlyList<KnownSetting> Read()
    {
        string[] candidates = [.. TextsOfTheLibrary().SelectMany(text => Sections.Select(section => section + text))];
        return
        [
            .. candidates.Distinct().Where(IsKnown).Order(StringComparer.Ordinal).Select(Describe),
        ];
    }

    private static object? ByDevice(ConfigParams config, ConfigProblems problems) =>
        SettingsDraft.Read(new ParamsConfigReader(config, problems), null, "dq-xxxxxx");

    private static object? ByProgram(ConfigParams config, ConfigProblems problems)
    {
        QueueOptions? options = QueueConfig.ReadOptions(config, problems);
        WillParams? will = WillParams.Read(config, problems);
        return problems.ErrorCount == 0 ? new object?[] { options, will } : null;
    }

    private static bool IsKnown(string key)
    {
        var problems = new ConfigProblems();
        ByDevice(With(key, Refused), problems);
        return !problems.Warnings().Contains(key + NotKnown);
    }

    private static KnownSetting Describe(string key)
    {
        var problems = new ConfigProblems();
        ByDevice(With(key, Refused), problems);
        bool isForPrograms = problems.Warnings().Contains(key + OnlyForPrograms);
        string rule = Rule(key, ByProgram);
        bool isInQueue = rule.Length > 0;
        rule = isForPrograms ? rule : Rule(key, ByDevice);
        string byProgram = isInQueue ? Default(key, rule, ByProgram) : None;
        string byDevice = isForPrograms ? byProgram : Default(key, rule, ByDevice);
        return new KnownSetting(
            key.Replace(".0.", ".N.", StringComparison.Ordinal),
            !isInQueue || byDevice == byProgram
                ? byDevice
                : byDevice == WithoutEffect ? byProgram : byDevice + ", in a program " + byProgram,
            LongNumber().Replace(Range(rule), Thousands));
    }

    private static string Default(string key, string rule, Reader read)
    {
        var problems = new ConfigProblems();
        object? without = read(With(key, null), problems);
        if (without == null)
        {
            Assert.StartsWith(key + " is missing", Assert.Single(problems.Errors()));
            return Required;
        }

        string start = State(without);
        string[] words = [.. Choices(rule).Where(word => StateWith(key, word, read) == start)];
        if (words.Length > 0)
        {
            return words.Length == 1 ? words[0] : WithoutEffect;
        }

        Match interval = Interval().Match(rule);
        string? value = interval.Success
            ? interval.Groups.Values.Skip(1).Select(end => Replaced(key, end.Value, null, start, read)).Max()
            : Replaced(key, "x", "x", start, read);
        if (value is null or "" or NoPin)
        {
            return None;
        }

        // What is kept in seconds is given in milliseconds.
        value = !interval.Success || StateWith(key, value, read) == start ? value : value + "000";
        Assert.True(StateWith(key, value, read) == start, $"{key}: {value} is not the default");
        return value;
    }

    private static string Rule(string key, Reader read)
    {
        var problems = new ConfigProblems();
        read(With(key, Refused), problems);
        string? error = problems.Errors()
            .FirstOrDefault(error => error.StartsWith(key + " is ", StringComparison.Ordinal));
        return error == null ? string.Empty : error[(error.IndexOf(": ", StringComparison.Ordinal) + 2)..];
    }

    private static string[] Choices(string rule) => rule.EndsWith(" is allowed", StringComparison.Ordinal)
        ? rule[..^" is allowed".Length].Split([", ", " or "], StringSplitOptions.None) : [];

    private static string Range(string rule) => RuleWords().Replace(rule, string.Empty);

    private static string Thousands(Match number) =>
        long.Parse(number.Value, CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture);

    private static string? StateWith(string key, string value, Reader read)
    {
        object? settings = read(With(key, value), new ConfigProblems());
        return settings == null ? null : State(settings);
    }

    /// <summary>Gets what stood in the field that a value changes, or null when it changes none.</summary>
    private static string? Replaced(string key, string value, string? stored, string start, Reader read)
    {
        string[] before = start.Split('\n');
        string[] after = StateWith(key, value, read)?.Split('\n') ?? before;
        return before.Except(after).Select(line => (Path: line[..(line.IndexOf('=') + 1)], Line: line))
            .Where(field => stored == null || after.Contains(field.Path + stored))
            .Select(field => field.Line[field.Path.Length..]).FirstOrDefault();
    }

    private static ConfigParams With(string key, string? value)
    {
        var config = new ConfigParams();
        foreach ((string section, string companion, string text) in Companions)
        {
            if (companion != key && key.StartsWith(section, StringComparison.Ordinal))
            {
                config.Set(companion, text);
            }
        }

        if (value != null)
        {
            config.Set(key, value);
        }

        return config;
    }

    /// <summary>The values of all fields, one a line.</summary>
    private static string State(object? value, string path = "", int depth = 0)
    {
        const int MaxDepth = 6;
        Type? type = value?.GetType();
        if (value is byte[] bytes)
        {
            return path + "=" + Convert.ToHexString(bytes) + "\n";
        }

        if (value is Array items)
        {
            return string.Concat(items.Cast<object?>().Index()
                .Select(item => State(item.Item, $"{path}.{item.Index}", depth + 1)));
        }

        if (type == null || type.IsEnum || depth == MaxDepth || !Library.Contains(type.Assembly))
        {
            return path + "=" + Convert.ToString(value, CultureInfo.InvariantCulture) + "\n";
        }

        return string.Concat(Ancestors(type).SelectMany(Fields)
            .Select(field => State(field.GetValue(value), $"{path}.{field.Name}", depth + 1)));
    }

    // That a value was given changes nothing; which one does.
    private static IEnumerable<FieldInfo> Fields(Type type) => type.GetFields(
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Where(field => field.Name != "_given");

    private static IEnumerable<Type> Ancestors(Type type) =>
        type.BaseType == null ? [] : Ancestors(type.BaseType).Append(type);

    /// <summary>What can be a key, or its last part, among the texts of the library's code.</summary>
    private static IEnumerable<string> TextsOfTheLibrary()
    {
        using var assembly = new PEReader(File.OpenRead(typeof(SettingsDraft).Assembly.Location));
        MetadataReader metadata = assembly.GetMetadataReader();
        List<string> texts = [];
        UserStringHandle handle = MetadataTokens.UserStringHandle(0);
        while (!(handle = metadata.GetNextHandle(handle)).IsNil)
        {
            texts.Add(metadata.GetUserString(handle));
        }

        return texts.Where(text => Word().IsMatch(text));
    }

    [GeneratedRegex(@"\A[a-z0-9_]+(\.[a-z0-9_]+)*\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"number from (-?[\d.]+) to (-?[\d.]+)")]
    private static partial Regex Interval();

    [GeneratedRegex(@"a (whole )?number from | and no control characters|,? (is|are) (allowed|needed)")]
    private static partial Regex RuleWords();

    [GeneratedRegex(@"(?<![\dx.])\d{4,}")]
    private static partial Regex LongNumber();
}
