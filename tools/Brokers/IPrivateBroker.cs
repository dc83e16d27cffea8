namespace Brokers;

/// <summary>A broker of our own on 127.0.0.1, which ends with us.</summary>
public interface IPrivateBroker : IDisposable
{
    string Host { get; }

    int Port { get; }

    /// <summary>Ends it at once: nothing is saved, no connection is closed politely.</summary>
    void Kill();

    /// <summary>Kills it if it runs, and starts it again on the same port.</summary>
    void Restart();
}
