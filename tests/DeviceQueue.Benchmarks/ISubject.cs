namespace DeviceQueue.Benchmarks;

/// <summary>What is measured, the same way for each: every call opens connections of its own and closes them.</summary>
internal interface ISubject : IDisposable
{
    string Name { get; }

    /// <summary>
    /// Sends for a time with 64 messages outstanding and gives messages per second, until the broker has all.
    /// </summary>
    double MeasureThroughput(int qos, bool envelope, double seconds);

    /// <summary>
    /// Sends one message after the other to itself and gives the milliseconds from the send to the listener.
    /// </summary>
    double[] MeasureListen(int messages);

    /// <summary>
    /// Calls Receive, sends a message at a random time after it, and gives the milliseconds from the send to its
    /// return; null without a Receive.
    /// </summary>
    double[]? MeasureReceive(int messages);

    /// <summary>
    /// Gives the bytes by which the heap has grown, garbage collected, with messages that were published and not read;
    /// null without a queue.
    /// </summary>
    long? MeasureUnread(int messages, Action<string> publishTo);

    /// <summary>Sends one message at QoS 0 through a port; false without an envelope of its own.</summary>
    bool TrySendOne(int port, string topic, string text, bool envelope, Action waitForArrival);
}
