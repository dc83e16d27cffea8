using DeviceQueue.Outputs;
using DeviceQueue.Time;

namespace DeviceQueue.Commands
{
    /// <summary>
    /// <c>output.set {"name":"relay1","on":true}</c> and <c>output.toggle {"name":"relay1"}</c>: switch one output and
    /// answer with its state.
    /// </summary>
    public sealed class OutputSwitchCommand : Command
    {
        private readonly OutputBank _outputs;
        private readonly bool _isToggle;
        private int _index;
        private bool _isOn;

        /// <summary>Initializes a new instance of the <see cref="OutputSwitchCommand"/> class.</summary>
        /// <param name="outputs">The outputs.</param>
        /// <param name="isToggle">Whether the command toggles rather than sets.</param>
        public OutputSwitchCommand(OutputBank outputs, bool isToggle)
            : base(isToggle ? "output.toggle" : "output.set", true)
        {
            _outputs = outputs;
            _isToggle = isToggle;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            if (!OutputArgument.TryFind(_outputs, arguments, answer, out _index))
            {
                return false;
            }

            if (_isToggle)
            {
                _isOn = !_outputs.IsOn(_index);
            }
            else if (!arguments.TryTakeBoolean("on", out _isOn))
            {
                answer.Reject(CommandCode.BadArguments, "'on' must be true or false");
                return false;
            }

            return true;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            _outputs.Set(_index, _isOn);
            OutputArgument.WriteState(_outputs, _index, answer);
        }
    }

    /// <summary>
    /// <c>output.pulse {"name":"relay1","ms":500}</c>: takes an output out of its safe state for a time by the
    /// monotonic clock, and answers at once.
    /// </summary>
    public sealed class OutputPulseCommand : Command
    {
        /// <summary>The longest pulse in milliseconds; the shortest is 1.</summary>
        public const int MaxMs = 60000;

        private readonly OutputBank _outputs;
        private readonly IClock _clock;
        private int _index;
        private long _ms;

        /// <summary>Initializes a new instance of the <see cref="OutputPulseCommand"/> class.</summary>
        /// <param name="outputs">The outputs.</param>
        /// <param name="clock">The time.</param>
        public OutputPulseCommand(OutputBank outputs, IClock clock)
            : base("output.pulse", true)
        {
            _outputs = outputs;
            _clock = clock;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            if (!OutputArgument.TryFind(_outputs, arguments, answer, out _index))
            {
                return false;
            }

            bool isTime = arguments.TryTakeInteger("ms", out _ms) && _ms >= 1 && _ms <= MaxMs;
            if (!isTime)
            {
                answer.Reject(CommandCode.BadArguments, "'ms' must be a whole number from 1 to " + MaxMs.ToString());
            }

            return isTime;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            _outputs.Pulse(_index, (int)_ms, _clock);
            OutputArgument.WriteState(_outputs, _index, answer);
        }
    }

    /// <summary>
    /// <c>output.get {"name":"relay1"}</c>, or without a name: answer with the state of one output or of all.
    /// </summary>
    public sealed class OutputGetCommand : Command
    {
        private readonly OutputBank _outputs;
        private int _index;

        /// <summary>Initializes a new instance of the <see cref="OutputGetCommand"/> class.</summary>
        /// <param name="outputs">The outputs.</param>
        public OutputGetCommand(OutputBank outputs)
            : base("output.get", false)
        {
            _outputs = outputs;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            _index = -1;
            return !arguments.Has("name") || OutputArgument.TryFind(_outputs, arguments, answer, out _index);
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            if (_index >= 0)
            {
                OutputArgument.WriteState(_outputs, _index, answer);
                return;
            }

            answer.Result.BeginObject();
            answer.Result.Name("outputs");
            answer.Result.BeginArray();
            for (int i = 0; i < _outputs.Count; i++)
            {
                OutputArgument.WriteState(_outputs, i, answer);
            }

            answer.Result.EndArray();
            answer.Result.EndObject();
        }
    }

    /// <summary>What the commands on outputs share.</summary>
    internal static class OutputArgument
    {
        public static bool TryFind(OutputBank outputs, CommandArguments arguments, CommandAnswer answer, out int index)
        {
            string name = arguments.TakeText("name");
            index = name == null ? -1 : outputs.Find(name);
            if (name == null)
            {
                answer.Reject(CommandCode.BadArguments, "'name' must be the name of an output");
            }
            else if (index < 0)
            {
                answer.Reject(CommandCode.UnknownOutput, "no output '" + name + "'");
            }

            return index >= 0;
        }

        public static void WriteState(OutputBank outputs, int index, CommandAnswer answer)
        {
            answer.Result.BeginObject();
            answer.Result.Name("name");
            answer.Result.WriteText(outputs.GetName(index));
            answer.Result.Name("on");
            answer.Result.WriteBoolean(outputs.IsOn(index));
            answer.Result.EndObject();
        }
    }
}
