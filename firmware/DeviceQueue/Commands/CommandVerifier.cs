using System;
using DeviceQueue.Messaging;
using DeviceQueue.Settings;
using DeviceQueue.Time;

namespace DeviceQueue.Commands
{
    /// <summary>
    /// Decides whether a command comes from whom it should and is fresh. Without a key there is no signature to check,
    /// and a command without a time, or one that arrives before the clock is set, is taken as fresh: the broker's
    /// access control is all the protection there is.
    /// </summary>
    public sealed class CommandVerifier
    {
        /// <summary>How far a command's time may be ahead of the device's clock, in milliseconds.</summary>
        public const int MaxAheadMs = 30000;

        /// <summary>The longest message_id in characters.</summary>
        public const int MaxIdLength = 64;

        private readonly string _deviceId;
        private readonly ICommandMac _mac;
        private readonly int _ttlMs;
        private readonly TrustedClock _clock;

        /// <summary>Initializes a new instance of the <see cref="CommandVerifier"/> class.</summary>
        /// <param name="deviceId">The device id, which every signature covers.</param>
        /// <param name="mac">The code with the command key, or <see langword="null"/> when the device has none.</param>
        /// <param name="ttlMs">How old a command may be, in milliseconds.</param>
        /// <param name="clock">The time.</param>
        public CommandVerifier(string deviceId, ICommandMac mac, int ttlMs, TrustedClock clock)
        {
            _deviceId = deviceId;
            _mac = mac;
            _ttlMs = ttlMs;
            _clock = clock;
        }

        /// <summary>Gets a value indicating whether the device has a command key.</summary>
        public bool HasKey => _mac != null;

        /// <summary>Gets a value indicating whether the clock has been set since power-on.</summary>
        public bool HasClock => _clock.TryGetFresh(out _);

        /// <summary>
        /// Tells whether a message has an id: 1 to <see cref="MaxIdLength"/> printable ASCII characters.
        /// </summary>
        /// <param name="message">The message.</param>
        /// <returns>Whether it has.</returns>
        public static bool HasValidId(MessageEnvelope message)
        {
            byte[] id = message.GetBytes(MessageEnvelope.MessageIdField, out int start, out int length);
            bool isValid = length > 0 && length <= MaxIdLength;
            for (int end = start + length; isValid && start < end; start++)
            {
                isValid = id[start] >= ' ' && id[start] <= '~';
            }

            return isValid;
        }

        /// <summary>
        /// Takes note that a command that changes something passed all checks: if it was signed, UTC does not go back
        /// below this moment any more.
        /// </summary>
        public void OnAccepted()
        {
            if (_mac != null)
            {
                _clock.Keep();
            }
        }

        /// <summary>Checks from whom a command comes.</summary>
        /// <param name="message">The command.</param>
        /// <param name="answer">Takes the rejection.</param>
        /// <returns><see langword="true"/> when the device has no key, or the signature is made with it over this
        /// command for this device.</returns>
        public bool VerifySignature(MessageEnvelope message, CommandAnswer answer)
        {
            if (_mac == null)
            {
                return true;
            }

            byte[] signature = message.GetBytes(MessageEnvelope.SignatureField, out int start, out int length);
            if (signature == null)
            {
                answer.Reject(CommandCode.Unsigned, "this device takes signed commands only");
                return false;
            }

            if (HasControlCharacter(message, MessageEnvelope.CorrelationIdField)
                || HasControlCharacter(message, MessageEnvelope.MessageTypeField)
                || message.SentTime == DateTime.MinValue)
            {
                answer.Reject(CommandCode.BadEnvelope, "a signed command needs a sent_time and no control characters");
                return false;
            }

            byte[] mac = _mac.Compute(EnvelopeCodec.MakeSigningInput(_deviceId, message));
            if (!IsHex(mac, signature, start, length))
            {
                answer.Reject(CommandCode.BadSignature, "the signature is not this command's for this device");
                return false;
            }

            return true;
        }

        /// <summary>
        /// Checks that a command is not old, and not from a future that would let it be repeated later.
        /// </summary>
        /// <param name="message">The command.</param>
        /// <param name="answer">Takes the rejection, or the word that it expired.</param>
        /// <returns><see langword="true"/> when it is fresh.</returns>
        public bool VerifyFresh(MessageEnvelope message, CommandAnswer answer)
        {
            if (!_clock.TryGetFresh(out DateTime now))
            {
                if (_mac != null)
                {
                    answer.Reject(CommandCode.NoClock, "the device does not know the time yet");
                }

                return _mac == null;
            }

            if (message.SentTime == DateTime.MinValue)
            {
                return true;
            }

            long ageMs = (now.Ticks - message.SentTime.Ticks) / TimeSpan.TicksPerMillisecond;
            if (ageMs > _ttlMs)
            {
                answer.Status = CommandAnswer.Expired;
                answer.Text = "sent " + ageMs.ToString() + " ms ago; " + _ttlMs.ToString() + " ms is the limit";
                return false;
            }

            if (ageMs < -MaxAheadMs)
            {
                answer.Reject(
                    CommandCode.BadTime,
                    "sent " + (-ageMs).ToString() + " ms in the future; " + MaxAheadMs.ToString() + " ms is the limit");
                return false;
            }

            return true;
        }

        private static bool HasControlCharacter(MessageEnvelope message, int field)
        {
            byte[] text = message.GetBytes(field, out int start, out int length);
            for (int end = start + length; start < end; start++)
            {
                if (text[start] < ' ' || text[start] == 0x7F)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Compares in a time that does not depend on where the first difference is.</summary>
        private static bool IsHex(byte[] mac, byte[] text, int start, int length)
        {
            if (length != mac.Length * 2)
            {
                return false;
            }

            int difference = 0;
            for (int i = 0; i < mac.Length; i++)
            {
                int high = mac[i] >> 4;
                int low = mac[i] & 15;
                difference |= text[start] ^ (high < 10 ? '0' + high : 'a' + high - 10);
                difference |= text[start + 1] ^ (low < 10 ? '0' + low : 'a' + low - 10);
                start += 2;
            }

            return difference == 0;
        }
    }
}
