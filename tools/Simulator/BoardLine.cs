namespace Simulator;

/// <summary>What a line of a run tells of.</summary>
internal enum LineKind
{
    Console,
    Warning,
    Error,
    Reading,
    Status,
    Output,
    Command,
    Answer,
    Health,
    Note,
}

/// <summary>Something that happened, as one line.</summary>
internal sealed record BoardLine(DateTime Time, LineKind Kind, string Text)
{
    /// <summary>Gets the colour in the terminal, a name of Spectre.Console's.</summary>
    public string Color => Kind switch
    {
        LineKind.Warning => "yellow",
        LineKind.Error => "red",
        LineKind.Reading => "green",
        LineKind.Status => "blue",
        LineKind.Output => "yellow",
        LineKind.Command => "magenta",
        LineKind.Answer => "cyan",
        LineKind.Note => "aqua",
        _ => "grey",
    };

    /// <summary>Gets the word before it.</summary>
    public string Source => Kind switch
    {
        LineKind.Warning or LineKind.Error => "console",
        LineKind.Note => "",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
