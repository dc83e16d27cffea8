using System.Globalization;
using System.Text;

namespace DeviceQueue.Cli;

/// <summary>Text that others wrote, as one line that no terminal obeys.</summary>
internal static class Plain
{
    /// <summary>Gives a question mark for what moves a cursor, breaks a line or turns the direction.</summary>
    public static string Text(string text)
    {
        StringBuilder plain = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            plain.Append(IsObeyed(rune) ? "?" : rune.ToString());
        }

        return plain.ToString();
    }

    public static bool IsObeyed(Rune rune) => rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
