using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Settings;
using DeviceQueue.Text;

namespace DeviceQueue.Commands
{
    /// <summary>What is answered to a command; one object is filled again and again.</summary>
    public sealed class CommandAnswer
    {
        /// <summary>Carried out.</summary>
        public const string Succeeded = "succeeded";

        /// <summary>Not allowed, not understood or not possible; nothing was done.</summary>
        public const string Rejected = "rejected";

        /// <summary>Begun, and not known to be done.</summary>
        public const string Failed = "failed";

        /// <summary>Too old to be carried out.</summary>
        public const string Expired = "expired";

        /// <summary>A repeat; <see cref="Text"/> says what was answered first.</summary>
        public const string Duplicate = "duplicate";

        /// <summary>The most bytes of a result.</summary>
        public const int MaxResultBytes = 704;

        /// <summary>The fewest bytes of memory for a result and for what settings are read in beside it.</summary>
        public const int MinScratchBytes = MaxResultBytes + LoadedSettings.ScratchBytes;

        /// <summary>The most characters of a text; the rest is cut off.</summary>
        public const int MaxTextLength = 160;

        private const string ResponseSuffix = ".response";

        private readonly byte[] _scratch;
        private readonly MessageEnvelope _envelope;
        private readonly string _topic;
        private readonly Counts _drops;

        /// <summary>Initializes an answer.</summary>
        /// <param name="writer">Writes it; of use to others between two answers.</param>
        /// <param name="scratch">Where it is written, <see cref="MinScratchBytes"/> or more; of use to others between
        /// two answers.</param>
        /// <param name="envelope">What it is sent in; of use to others between two answers, which find it
        /// empty.</param>
        /// <param name="topic">The topic of the answers.</param>
        /// <param name="drops">Counts the answers that found no room in the queue.</param>
        public CommandAnswer(
            JsonWriter writer, byte[] scratch, MessageEnvelope envelope, string topic, Counts drops)
        {
            Result = writer;
            _scratch = scratch;
            _envelope = envelope;
            _topic = topic;
            _drops = drops;
        }

        /// <summary>Gets or sets the status, one of the constants of this class.</summary>
        public string Status { get; set; }

        /// <summary>
        /// Gets or sets the code of a rejection or failure, see <see cref="CommandCode"/>, or <see langword="null"/>.
        /// </summary>
        public string Code { get; set; }

        /// <summary>Gets or sets what a person should know, or <see langword="null"/>.</summary>
        public string Text { get; set; }

        /// <summary>Gets where a command writes its result, one JSON value.</summary>
        public JsonWriter Result { get; }

        /// <summary>
        /// Gets memory of which the first <see cref="LoadedSettings.ScratchBytes"/> are free while a command runs.
        /// </summary>
        internal byte[] Scratch => _scratch;

        /// <summary>Starts over.</summary>
        public void Reset()
        {
            Status = Succeeded;
            Code = null;
            Text = null;
            Result.Reset(_scratch, _scratch.Length - MaxResultBytes);
        }

        /// <summary>Turns the answer into the word that a command was begun and is not known to be done.</summary>
        /// <param name="code">See <see cref="CommandCode"/>.</param>
        /// <param name="text">What a person should know.</param>
        public void Fail(string code, string text)
        {
            Reset();
            Status = Failed;
            Code = code;
            Text = text;
        }

        /// <summary>Turns the answer into a rejection.</summary>
        /// <param name="code">See <see cref="CommandCode"/>.</param>
        /// <param name="text">What a person should know.</param>
        public void Reject(string code, string text)
        {
            Status = Rejected;
            Code = code;
            Text = text;
        }

        /// <summary>
        /// Sends the answer, without its result if that makes it too large for the memory or the queue. An answer that
        /// finds no room is counted.
        /// </summary>
        /// <param name="queue">The queue.</param>
        /// <param name="command">What is answered.</param>
        /// <param name="logger">Hears of an answer that is not sent.</param>
        public void Send(IMessageQueue queue, MessageEnvelope command, ILogger logger)
        {
            if (Result.IsOverflow || !TrySend(queue, command, logger))
            {
                DropResult();
                TrySend(queue, command, logger);
            }
        }

        /// <summary>Leaves the result out and says so.</summary>
        private void DropResult()
        {
            string status = Status;
            Reset();
            Status = status;
            Code = CommandCode.TooLarge;
            Text = "the result does not fit into an answer";
        }

        /// <summary>
        /// Writes the answer from the start of the memory at whose end its result stands, towards it. What was written
        /// by <see cref="Result"/> is gone then.
        /// </summary>
        /// <param name="command">The command, whose message_id is named if it is valid.</param>
        /// <returns><see langword="false"/> when there is no room for both.</returns>
        private bool TryWrite(MessageEnvelope command)
        {
            int resultLength = Result.Length;
            int resultAt = _scratch.Length - resultLength;
            Array.Copy(_scratch, _scratch.Length - MaxResultBytes, _scratch, resultAt, resultLength);
            JsonWriter writer = Result;
            writer.Reset(_scratch, 0);
            writer.BeginObject();
            writer.Name("command_id");
            if (CommandVerifier.HasValidId(command))
            {
                byte[] id = command.GetBytes(MessageEnvelope.MessageIdField, out int start, out int length);
                writer.WriteText(id, start, length);
            }
            else
            {
                writer.WriteNull();
            }

            writer.Name("status");
            writer.WriteText(Status);
            writer.Name("code");
            writer.WriteText(Code);
            writer.Name("text");
            writer.WriteText(Text != null && Text.Length > MaxTextLength ? Text.Substring(0, MaxTextLength) : Text);
            writer.Name("result");
            if (resultLength == 0)
            {
                writer.WriteNull();
            }
            else if (writer.Length > resultAt)
            {
                return false;
            }
            else
            {
                writer.WriteRaw(_scratch, resultAt, resultLength);
            }

            writer.EndObject();
            _envelope.SetMessage(_scratch, writer.Length);
            return !writer.IsOverflow;
        }

        // False when a result makes the answer too large for the memory or the queue.
        private bool TrySend(IMessageQueue queue, MessageEnvelope command, ILogger logger)
        {
            bool hasResult = Result.Length > 0;
            try
            {
                _envelope.CorrelationId = command.CorrelationId;
                _envelope.MessageType = command.MessageType + ResponseSuffix;
                _envelope.Topic = _topic;
                if (!TryWrite(command))
                {
                    return false;
                }

                queue.Send(command.CorrelationId, _envelope);
            }
            catch (QueueException e) when (e.Code == QueueException.TooLarge && hasResult)
            {
                return false;
            }
            catch (Exception e) when (e is QueueException || e is OutOfMemoryException)
            {
                _drops.Add(DropReason.Answers);
                logger.Log(LogLevel.Error, command.CorrelationId, "no answer sent: " + e.Message);
            }
            finally
            {
                _envelope.Clear(null);
                _envelope.Topic = null;
            }

            return true;
        }
    }
}
