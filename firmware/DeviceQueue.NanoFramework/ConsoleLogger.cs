using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Time;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// Writes what components say to the console, one line each, after the seconds since start. What a stranger put
    /// into a message can neither forge a line nor fill the console: control characters become <c>?</c> and a line ends
    /// after <see cref="MaxLength"/> characters.
    /// </summary>
    public sealed class ConsoleLogger : ILogger
    {
        /// <summary>The most characters of a message.</summary>
        public const int MaxLength = 240;

        private const int MsPerSecond = 1000;

        private readonly IClock _clock;

        /// <summary>Initializes a new instance of the <see cref="ConsoleLogger"/> class.</summary>
        /// <param name="clock">The time.</param>
        public ConsoleLogger(IClock clock)
        {
            _clock = clock;
        }

        /// <inheritdoc/>
        public void Log(LogLevel level, string correlationId, string message)
        {
            long now = _clock.NowMs;
            string text = correlationId == null ? message : message + " (" + correlationId + ")";
            Console.WriteLine(
                "[" + (now / MsPerSecond).ToString().PadLeft(6) + "." + (now % MsPerSecond).ToString("D3") + "] "
                + NameOf(level) + " " + Printable(text));
        }

        private static string Printable(string text)
        {
            char[] chars = (text.Length > MaxLength ? text.Substring(0, MaxLength) : text).ToCharArray();
            for (int i = 0; i < chars.Length; i++)
            {
                if (chars[i] < ' ' || (chars[i] >= '\u007f' && chars[i] < '\u00a0'))
                {
                    chars[i] = '?';
                }
            }

            return new string(chars);
        }

        private static string NameOf(LogLevel level)
        {
            switch (level)
            {
                case LogLevel.Error: return "error";
                case LogLevel.Warn: return "warn ";
                case LogLevel.Info: return "info ";
                default: return "debug";
            }
        }
    }
}
