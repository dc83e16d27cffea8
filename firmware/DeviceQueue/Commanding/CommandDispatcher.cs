using System;
using DeviceQueue.Components;
using DeviceQueue.Json;
using DeviceQueue.Messaging;

namespace DeviceQueue.Commanding
{
    /// <summary>Takes commands from a queue, carries out each at most once, and answers. Called from one thread.</summary>
    public sealed class CommandDispatcher
    {
        /// <summary>The most commands taken in one poll, so that a flood does not hold up the readings.</summary>
        public const int MaxCommandsPerPoll = 4;

        /// <summary>The longest message_id in characters.</summary>
        public const int MaxIdLength = 64;

        /// <summary>The shortest time between two answers to rejected commands, in milliseconds.</summary>
        public const int RejectionIntervalMs = 1000;

        /// <summary>The most bytes of an answer's payload.</summary>
        public const int MaxAnswerBytes = CommandAnswer.MaxResultBytes + 1280;

        /// <summary>The most characters of an answer's text; the rest is cut off.</summary>
        public const int MaxTextLength = 160;

        private const string ResponseSuffix = ".response";

        private readonly IMessageQueue _queue;
        private readonly Command[] _commands;
        private readonly CommandVerifier _verifier;
        private readonly ILogger _logger;
        private readonly CommandHistory _history;
        private readonly CommandArguments _arguments = new CommandArguments();
        private readonly CommandAnswer _answer = new CommandAnswer();
        private readonly JsonWriter _writer = new JsonWriter();
        private readonly MessageEnvelope _response = new MessageEnvelope();
        private readonly byte[] _payload = new byte[MaxAnswerBytes];
        private long _nextRejectionMs;

        /// <summary>Initializes a new instance of the <see cref="CommandDispatcher"/> class.</summary>
        /// <param name="queue">Where commands come from and answers go to.</param>
        /// <param name="responseTopic">The topic of the answers.</param>
        /// <param name="commands">The commands, one for each message_type.</param>
        /// <param name="verifier">Tells whose and how old a command is.</param>
        /// <param name="history">What was carried out already.</param>
        /// <param name="logger">Takes what there is to say.</param>
        public CommandDispatcher(
            IMessageQueue queue, string responseTopic, Command[] commands, CommandVerifier verifier, CommandHistory history, ILogger logger)
        {
            _queue = queue;
            _response.Topic = responseTopic;
            _commands = commands;
            _verifier = verifier;
            _history = history;
            _logger = logger;
        }

        /// <summary>Gets the rejected commands by code, the expired ones among them.</summary>
        public RejectionCounts Rejections { get; } = new RejectionCounts();

        /// <summary>Gets how many answers found no room in the queue.</summary>
        public int LostAnswers { get; private set; }

        /// <summary>Carries out the commands that wait.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns><see langword="true"/> when there may be more.</returns>
        public bool Poll(long nowMs)
        {
            if (_history.Interrupted != null)
            {
                AnswerInterrupted(_history.Interrupted);
            }

            for (int i = 0; i < MaxCommandsPerPoll; i++)
            {
                MessageEnvelope message = _queue.Receive(null, 0);
                if (message == null)
                {
                    return false;
                }

                Handle(message, nowMs);
            }

            return true;
        }

        private static bool IsValidId(string id)
        {
            if (id == null || id.Length == 0 || id.Length > MaxIdLength)
            {
                return false;
            }

            for (int i = 0; i < id.Length; i++)
            {
                if (id[i] < ' ' || id[i] > '~')
                {
                    return false;
                }
            }

            return true;
        }

        private void Handle(MessageEnvelope message, long nowMs)
        {
            _answer.Reset();
            Command command = Accept(message);
            if (command != null)
            {
                Execute(command, message);
            }
            else if (_answer.Status != CommandAnswer.Duplicate)
            {
                string reason = _answer.Code ?? _answer.Status;
                Rejections.Add(reason);
                _logger.Log(LogLevel.Warn, message.CorrelationId, "command refused: " + reason + ": " + _answer.Text);
                if (nowMs < _nextRejectionMs)
                {
                    return;
                }

                _nextRejectionMs = nowMs + RejectionIntervalMs;
            }

            SendAnswer(message);
        }

        /// <summary>Checks a command up to the point where only carrying it out is left.</summary>
        /// <returns>The command, prepared, or <see langword="null"/> when the answer says why not.</returns>
        private Command Accept(MessageEnvelope message)
        {
            if (message.IsRetained)
            {
                _answer.Reject(CommandCode.Retained, "a retained command may be as old as the broker; publish it without retain");
                return null;
            }

            if (!IsValidId(message.MessageId))
            {
                _answer.Reject(CommandCode.BadEnvelope, "message_id must be 1 to 64 printable ASCII characters");
                return null;
            }

            if (!_verifier.VerifySignature(message, _answer))
            {
                return null;
            }

            string firstStatus = _history.FindStatus(message.MessageId);
            if (firstStatus != null)
            {
                _answer.Status = CommandAnswer.Duplicate;
                _answer.Text = firstStatus;
                return null;
            }

            return _verifier.VerifyFresh(message, _answer) ? Prepare(message) : null;
        }

        private Command Prepare(MessageEnvelope message)
        {
            Command command = FindCommand(message.MessageType);
            if (command == null)
            {
                _answer.Reject(CommandCode.UnknownCommand, "no command '" + message.MessageType + "'");
                return null;
            }

            string problem = _arguments.Read(message.Message);
            if (problem != null)
            {
                _answer.Reject(CommandCode.BadArguments, problem);
                return null;
            }

            if (!command.Prepare(_arguments, _answer))
            {
                return null;
            }

            string untaken = _arguments.FindUntaken();
            if (untaken != null)
            {
                _answer.Reject(CommandCode.BadArguments, command.Name + " has no argument '" + untaken + "'");
                return null;
            }

            if (!_history.TryMakeRoom())
            {
                _answer.Reject(CommandCode.Busy, CommandHistory.MaxCommands.ToString() + " commands could still be repeated; send this one again later");
                return null;
            }

            return command;
        }

        private Command FindCommand(string name)
        {
            for (int i = 0; i < _commands.Length; i++)
            {
                if (_commands[i].Name == name)
                {
                    return _commands[i];
                }
            }

            return null;
        }

        private void Execute(Command command, MessageEnvelope message)
        {
            if (!_history.TryBegin(message, command.IsChange))
            {
                Fail(CommandCode.NotRecorded, "the storage failed; nothing was done");
                _logger.Log(LogLevel.Error, message.CorrelationId, command.Name + " not carried out: the storage failed");
                return;
            }

            try
            {
                command.Execute(_answer);
            }
            catch (Exception e)
            {
                Fail(CommandCode.InternalError, e.Message);
            }

            _history.End(_answer.Status == CommandAnswer.Succeeded, command.IsChange);
            _logger.Log(LogLevel.Info, message.CorrelationId, command.Name + " " + _answer.Status);
        }

        private void Fail(string code, string text)
        {
            _answer.Reset();
            _answer.Status = CommandAnswer.Failed;
            _answer.Code = code;
            _answer.Text = text;
        }

        private void AnswerInterrupted(MessageEnvelope message)
        {
            Fail(CommandCode.Interrupted, "a reboot cut it off; whether it was carried out is not known");
            _logger.Log(LogLevel.Warn, message.CorrelationId, message.MessageType + " was cut off by a reboot");
            SendAnswer(message);
            _history.ForgetInterrupted();
        }

        private void SendAnswer(MessageEnvelope message)
        {
            WriteAnswer(message.MessageId);
            _response.CorrelationId = message.CorrelationId;
            _response.MessageType = message.MessageType + ResponseSuffix;
            _response.SetMessage(_payload, _writer.Length);
            try
            {
                _queue.Send(message.CorrelationId, _response);
            }
            catch (QueueException e)
            {
                LostAnswers++;
                _logger.Log(LogLevel.Error, message.CorrelationId, "no answer sent: " + e.Message);
            }
        }

        private void WriteAnswer(string commandId)
        {
            JsonWriter writer = _writer;
            writer.Reset(_payload, 0);
            writer.BeginObject();
            writer.Name("command_id");
            writer.WriteText(IsValidId(commandId) ? commandId : null);
            writer.Name("status");
            writer.WriteText(_answer.Status);
            writer.Name("code");
            writer.WriteText(_answer.Code);
            writer.Name("text");
            writer.WriteText(_answer.Text != null && _answer.Text.Length > MaxTextLength ? _answer.Text.Substring(0, MaxTextLength) : _answer.Text);
            writer.Name("result");
            if (_answer.Result.Length == 0 || _answer.Result.IsOverflow)
            {
                writer.WriteNull();
            }
            else
            {
                writer.WriteRaw(_answer.ResultBytes, 0, _answer.Result.Length);
            }

            writer.EndObject();
        }
    }
}
