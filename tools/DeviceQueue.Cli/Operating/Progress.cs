namespace DeviceQueue.Cli.Operating;

/// <summary>One line at the terminal that says what is waited for; elsewhere nothing.</summary>
internal sealed class Progress(Terminal terminal) : IDisposable
{
    private const string EraseLine = "\r\u001b[K";

    private string _shown = "";

    /// <summary>Shows a text in place of the last one.</summary>
    public void Show(string text)
    {
        if (terminal.IsErrorLive && text != _shown)
        {
            // A line that is broken could not be taken back.
            int width = Math.Max(terminal.ErrorWidth - 1, 1);
            _shown = text;
            terminal.Error.Write(EraseLine + (text.Length > width ? text[..width] : text));
            terminal.Error.Flush();
        }
    }

    /// <summary>Writes a line that stays.</summary>
    public void Say(string text)
    {
        Dispose();
        terminal.Error.WriteLine(text);
    }

    public void Dispose()
    {
        if (_shown.Length > 0)
        {
            terminal.Error.Write(EraseLine);
            terminal.Error.Flush();
            _shown = "";
        }
    }
}
