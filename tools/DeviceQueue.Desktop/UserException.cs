namespace DeviceQueue.Desktop;

/// <summary>Something that the person at the keyboard can put right; the text says how.</summary>
public sealed class UserException(string message, Exception? inner = null) : Exception(message, inner);
