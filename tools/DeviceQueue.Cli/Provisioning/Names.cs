using System.Text.RegularExpressions;
using DeviceQueue.Desktop;
using DeviceQueue.Text;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Which names may be given: those that a board takes and that are a folder's on every system.</summary>
internal static partial class Names
{
    /// <exception cref="UserException">It is no name of a device or an operator.</exception>
    public static void Require(string name, string what)
    {
        if (!PlainText.IsName(name))
        {
            string rule = $"1 to {PlainText.MaxNameLength} of A-Z a-z 0-9 _ - are allowed";
            throw new UserException($"{what} '{Plain.Text(name)}': {rule}");
        }

        if (name[0] == '-')
        {
            throw new UserException($"{what} '{name}': a name that begins with - is an option to most commands");
        }

        if (DeviceOfWindows().IsMatch(name))
        {
            throw new UserException($"{what} '{name}': Windows has no folder of this name");
        }
    }

    /// <summary>Requires that no one else has the name, capitals or not: to some systems that is one.</summary>
    /// <exception cref="UserException">It is taken.</exception>
    public static void RequireFree(string name, IEnumerable<string> taken, string by)
    {
        if (taken.FirstOrDefault(other => other.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } same)
        {
            string how = same == name ? "" : $", but for capitals: {same}";
            throw new UserException($"{name} is the name of {by} already{how}");
        }
    }

    [GeneratedRegex(@"(?i)\A(con|prn|aux|nul|com[0-9]|lpt[0-9])\z", RegexOptions.CultureInvariant)]
    private static partial Regex DeviceOfWindows();
}
