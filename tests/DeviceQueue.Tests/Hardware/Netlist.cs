using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceQueue.Tests.Hardware;

/// <summary>What a board's wiring.json joins. A pin is written <c>R1.2</c>.</summary>
internal sealed class Netlist
{
    public const string Ground = "GND";

    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNameCaseInsensitive = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public required IReadOnlyDictionary<string, Part> Parts { get; init; }

    public required IReadOnlyDictionary<string, string[]> Nets { get; init; }

    public IEnumerable<string> OfKind(string kind) =>
        Parts.Where(part => part.Value.Kind == kind).Select(part => part.Key);

    public string NetOf(string pin) => Nets.Single(net => net.Value.Contains(pin)).Key;

    /// <summary>The pins on a pin's net that are not its own part's.</summary>
    public IEnumerable<string> Joined(string pin) => Nets[NetOf(pin)].Where(other => PartOf(other) != PartOf(pin));

    /// <summary>The parts of a kind that lie between two nets.</summary>
    public string[] Between(string kind, string net, string other) =>
        [
            .. OfKind(kind).Where(
                part => Nets[net].Any(pin => PartOf(pin) == part) && Nets[other].Any(pin => PartOf(pin) == part)),
        ];

    public double Ohms(string part)
    {
        string value = Parts[part].Value;
        bool isKilo = value.EndsWith('k');
        return double.Parse(value.TrimEnd('k'), CultureInfo.InvariantCulture) * (isKilo ? 1000 : 1);
    }

    public static string PartOf(string pin) => pin.Split('.')[0];

    internal sealed record Part(string Kind, string Value);
}
