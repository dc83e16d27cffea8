namespace Simulator;

/// <summary>Something that the person at the keyboard can put right; the text says how.</summary>
internal sealed class UserException(string message, Exception? inner = null) : Exception(message, inner);
