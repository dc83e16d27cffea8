namespace Mqtt;

/// <summary>What was to be sent was not: there is no connection, or the topic or filter is none.</summary>
public sealed class NotSentException(string message) : Exception(message);
