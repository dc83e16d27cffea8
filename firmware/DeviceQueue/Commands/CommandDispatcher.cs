using System;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Text;

namespace DeviceQueue.Commands
{
    /// <summary>
    /// Takes commands from a queue, carries out each at most once, and answers. The next is taken when the answer is
    /// delivered, or has had its time: the queue may have room for one answer alone, and the one record of <see
    /// cref="CommandHistory"/> is enough to answer a change after a power cut. Called from one thread.
    /// </summary>
    public sealed class CommandDispatcher
    {
        /// <summary>The most commands taken in one poll, so that a flood does not hold up the readings.</summary>
        public const int MaxCommandsPerPoll = 4;

        /// <summary>
        /// The shortest time between two answers to rejected commands, and between two to repeated ones, in
        /// milliseconds.
        /// </summary>
        public const int RejectionIntervalMs = 1000;

        /// <summary>The longest that the next command waits for the delivery of an answer, in milliseconds.</summary>
        public const int DeliveryTimeoutMs = 5000;

        /// <summary>
        /// How long after a connect to a kept session a command may be one that waited at the broker, in milliseconds.
        /// </summary>
        public const int KeptSessionMs = 5000;

        private readonly IMessageQueue _queue;
        private readonly ICommandCatalog _commands;
        private readonly CommandVerifier _verifier;
        private readonly CommandHistory _history;
        private readonly CommandAnswer _answer;
        private long _nextRejectionMs;
        private long _nextDuplicateMs;
        private bool _isUndelivered;
        private long _deliveryEndMs;
        private long _answerEndMs;
        private int _connects;
        private long _keptSessionEndMs;
        private int _waited;

        /// <summary>Initializes a dispatcher.</summary>
        /// <param name="queue">Where commands come from and answers go to.</param>
        /// <param name="commands">The commands.</param>
        /// <param name="verifier">Tells whose and how old a command is.</param>
        /// <param name="history">What was carried out already.</param>
        /// <param name="answer">Writes the answers.</param>
        public CommandDispatcher(
            IMessageQueue queue,
            ICommandCatalog commands,
            CommandVerifier verifier,
            CommandHistory history,
            CommandAnswer answer)
        {
            _queue = queue;
            _commands = commands;
            _verifier = verifier;
            _history = history;
            _answer = answer;
        }

        /// <summary>Gets or sets the console.</summary>
        public ILogger Logger { get; set; }

        /// <summary>
        /// Gets or sets the connection whose session the broker keeps, with commands in it that may be hours old;
        /// <see langword="null"/> when it keeps none.
        /// </summary>
        public MqttConnection KeptSession { get; set; }

        /// <summary>
        /// Gets or sets the outbox of the answers, which is empty when all of them are delivered;
        /// <see langword="null"/> when sending is all there is to it.
        /// </summary>
        public Outbox Outbox { get; set; }

        /// <summary>Gets or sets the rejected commands by code, the expired and the repeated ones among them.</summary>
        public Counts Rejections { get; set; } = new Counts(Journal.RejectionNames);

        private bool AreAnswersDelivered => Outbox == null || Outbox.Count == 0;

        /// <summary>Looks after the answer to the last command that changes something.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns><see langword="true"/> when it was delivered, or has had <see cref="DeliveryTimeoutMs"/>.</returns>
        public bool TrySettle(long nowMs)
        {
            if (_isUndelivered && AreAnswersDelivered)
            {
                _isUndelivered = false;
                _history.OnAnswered();
            }

            return !_isUndelivered || nowMs >= _deliveryEndMs;
        }

        /// <summary>Carries out the commands that wait.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns>When to call again, or sooner when a command comes or an answer is delivered.</returns>
        public long Poll(long nowMs)
        {
            MessageEnvelope unanswered = _history.TakeUnanswered();
            if (unanswered != null)
            {
                AnswerLate(unanswered, nowMs);
            }

            for (int i = 0; i < MaxCommandsPerPoll; i++)
            {
                WatchSession(nowMs, 0);
                bool isDelivered = AreAnswersDelivered;
                if (!TrySettle(nowMs))
                {
                    return _deliveryEndMs;
                }

                if (!isDelivered && nowMs < _answerEndMs)
                {
                    return _answerEndMs; // the queue may have room for no more than one answer
                }

                MessageEnvelope message = _queue.Receive(null, 0);
                if (message == null)
                {
                    return _keptSessionEndMs > 0 ? _keptSessionEndMs : long.MaxValue;
                }

                WatchSession(nowMs, 1); // it may be the first of a link that is new since
                Handle(message, nowMs);
                // a broker that is away is waited for once
                _answerEndMs = isDelivered ? nowMs + DeliveryTimeoutMs : _answerEndMs;
                _waited -= _waited > 0 ? 1 : 0;
            }

            return nowMs;
        }

        private void Handle(MessageEnvelope message, long nowMs)
        {
            _answer.Reset();
            Command command = TryAccept(message);
            if (command != null)
            {
                Execute(command, message, nowMs);
            }
            else if (CountRefused(message, nowMs))
            {
                _answer.Send(_queue, message, Logger);
            }
        }

        /// <summary>Counts a command that is not carried out.</summary>
        /// <returns>Whether it is answered: a flood must not fill the queue. Repeats have a limit of their own, so that
        /// one who asks again for a lost answer gets it.</returns>
        private bool CountRefused(MessageEnvelope message, long nowMs)
        {
            string reason = _answer.Code ?? _answer.Status;
            Rejections.Add(reason);
            bool isRepeat = _answer.Status == CommandAnswer.Duplicate;
            if (nowMs < (isRepeat ? _nextDuplicateMs : _nextRejectionMs))
            {
                return false;
            }

            _nextDuplicateMs = isRepeat ? nowMs + RejectionIntervalMs : _nextDuplicateMs;
            _nextRejectionMs = isRepeat ? _nextRejectionMs : nowMs + RejectionIntervalMs;
            Logger.Log(LogLevel.Warn, message.CorrelationId, "command refused: " + reason + ": " + _answer.Text);
            return true;
        }

        // Follows what a kept session may have held: all that arrives for a while after a connect, though it may be
        // taken later.
        private void WatchSession(long nowMs, int taken)
        {
            if (KeptSession == null)
            {
                return;
            }

            int connects = KeptSession.Connects;
            if (connects != _connects)
            {
                _connects = connects;
                _keptSessionEndMs = nowMs + KeptSessionMs;
            }

            if (_keptSessionEndMs > 0)
            {
                _waited = taken + _queue.ReadMessageCount();
                _keptSessionEndMs = nowMs < _keptSessionEndMs ? _keptSessionEndMs : 0;
            }
        }

        private void BeginDelivery(long nowMs)
        {
            _isUndelivered = true;
            _deliveryEndMs = nowMs + DeliveryTimeoutMs;
        }

        /// <summary>
        /// Checks a command; an error on the way, such as a lack of memory, refuses it and must not hold up the
        /// readings.
        /// </summary>
        private Command TryAccept(MessageEnvelope message)
        {
            try
            {
                return Accept(message);
            }
            catch (Exception e)
            {
                _answer.Reject(CommandCode.InternalError, e.Message);
                return null;
            }
        }

        /// <summary>Checks a command up to the point where only carrying it out is left.</summary>
        /// <returns>The command, prepared, or <see langword="null"/> when the answer says why not.</returns>
        private Command Accept(MessageEnvelope message)
        {
            if (message.IsRetained)
            {
                _answer.Reject(
                    CommandCode.Retained, "a retained command may be as old as the broker; publish it without retain");
                return null;
            }

            if (!CommandVerifier.HasValidId(message))
            {
                _answer.Reject(CommandCode.BadEnvelope, "message_id must be 1 to 64 printable ASCII characters");
                return null;
            }

            if (!_verifier.VerifySignature(message, _answer))
            {
                return null;
            }

            string firstStatus = _history.FindStatus(message);
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
            Command command = _commands.Make(message.MessageType);
            if (command == null)
            {
                _answer.Reject(CommandCode.UnknownCommand, "no command '" + message.MessageType + "'");
                return null;
            }

            if (command.IsChange && _waited > 0 && !_verifier.HasClock)
            {
                _answer.Reject(
                    CommandCode.NoClock,
                    "it may have waited at the broker, and the device does not know the time yet; send it again");
                return null;
            }

            if (command.IsChange && _isUndelivered)
            {
                _answer.Reject(
                    CommandCode.Busy,
                    "the answer to the command before is still on its way; send this one again later");
                return null;
            }

            if (command.NeedsKey && !_verifier.HasKey)
            {
                _answer.Reject(CommandCode.KeyRequired, command.Name + " needs a device with a command key");
                return null;
            }

            CommandArguments arguments = new CommandArguments(new JsonReader(JsonConfigReader.MaxDepth));
            string problem = arguments.Read(message.Message);
            if (problem != null)
            {
                _answer.Reject(CommandCode.BadArguments, problem);
                return null;
            }

            if (!command.Prepare(arguments, _answer))
            {
                return null;
            }

            string untaken = arguments.FindUntaken();
            if (untaken != null)
            {
                _answer.Reject(CommandCode.BadArguments, command.Name + " has no argument '" + untaken + "'");
                return null;
            }

            if (command.IsChange && !_history.TryMakeRoom())
            {
                string why = _history.IsUnknown
                    ? "the record of the last commands cannot be read"
                    : CommandHistory.MaxCommands.ToString() + " commands could still be repeated";
                _answer.Reject(CommandCode.Busy, why + "; send this one again later");
                return null;
            }

            return command;
        }

        private void Execute(Command command, MessageEnvelope message, long nowMs)
        {
            if (command.IsChange)
            {
                _verifier.OnAccepted();
                if (!_history.TryBegin(message))
                {
                    Rejections.Add(CommandCode.NotRecorded);
                    _answer.Fail(CommandCode.NotRecorded, "the storage failed; nothing was done");
                    _answer.Send(_queue, message, Logger);
                    Logger.Log(
                        LogLevel.Error, message.CorrelationId, command.Name + " not carried out: the storage failed");
                    return;
                }
            }

            try
            {
                command.Execute(_answer);
            }
            catch (Exception e)
            {
                _answer.Fail(CommandCode.InternalError, e.Message);
            }

            bool hasSucceeded = _answer.Status == CommandAnswer.Succeeded;
            if (command.IsChange)
            {
                _history.End(message, hasSucceeded);
                BeginDelivery(nowMs);
            }
            else
            {
                _history.Note(message, hasSucceeded);
            }

            Logger.Log(LogLevel.Info, message.CorrelationId, command.Name + " " + _answer.Status);
            _answer.Send(_queue, message, Logger);
        }

        /// <summary>
        /// Answers a command that was recorded before a reboot and whose answer may not have been delivered.
        /// </summary>
        private void AnswerLate(MessageEnvelope message, long nowMs)
        {
            _answer.Reset();
            if (_history.IsInterrupted)
            {
                _answer.Fail(CommandCode.Interrupted, "a reboot cut it off; whether it was carried out is not known");
            }
            else
            {
                _answer.Status = _history.FindStatus(message);
                _answer.Text = "carried out before a reboot";
            }

            Logger.Log(
                LogLevel.Warn,
                message.CorrelationId,
                message.MessageType + " is answered after a reboot: " + (_answer.Code ?? _answer.Status));
            _answer.Send(_queue, message, Logger);
            BeginDelivery(nowMs);
        }
    }
}
