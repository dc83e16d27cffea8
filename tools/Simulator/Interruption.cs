using System.Runtime.InteropServices;

namespace Simulator;

/// <summary>
/// Ctrl-C and the like: the first asks for an end in good order, the second ends the program at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private const int InterruptedTwice = 130; // as shells have it: 128 and the signal's number

    private readonly CancellationTokenSource _first = new();
    private readonly PosixSignalRegistration[] _signals;

    public Interruption() => _signals =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
            .Select(signal => PosixSignalRegistration.Create(signal, OnSignal)),
    ];

    public CancellationToken Token => _first.Token;

    /// <summary>Does what the first signal does.</summary>
    public void End() => _first.Cancel();

    public void Dispose() => Array.ForEach(_signals, signal => signal.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_first.IsCancellationRequested)
        {
            Environment.Exit(InterruptedTwice);
        }

        _first.Cancel();
    }
}
