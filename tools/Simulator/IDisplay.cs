namespace Simulator;

/// <summary>What a run is, for its display.</summary>
/// <param name="Title">The firmware and the board.</param>
/// <param name="Broker">Where the broker is.</param>
internal sealed record RunInfo(string Title, BrokerAddress Broker, BoardView View)
{
    /// <summary>Gets what a broker of its own is, or null.</summary>
    public string? BrokerKind { get; init; }

    public string BrokerText => Broker.Place + (BrokerKind == null ? "" : $" ({BrokerKind})");

    /// <summary>Gets what is to be said at the start.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public IReadOnlyList<PasteLine> PasteLines { get; init; } = [];

    /// <summary>Gets how fast time passes for a board that sleeps, or null.</summary>
    public string? Pace { get; init; }

    /// <summary>Gets the queue in the board's flash, or null when it has none.</summary>
    public OutboxView? Outbox { get; init; }

    /// <summary>Gets the keys, or null when there are none.</summary>
    public KeyActions? Keys { get; init; }
}

/// <summary>Shows a run.</summary>
internal interface IDisplay : IDisposable
{
    void Begin(RunInfo info);

    /// <summary>Shows a sentence of this program's own, that stays after the end.</summary>
    void Say(string text);
}
