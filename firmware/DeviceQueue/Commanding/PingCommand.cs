namespace DeviceQueue.Commanding
{
    /// <summary><c>device.ping {}</c>: answer.</summary>
    public sealed class PingCommand : Command
    {
        /// <summary>Initializes a new instance of the <see cref="PingCommand"/> class.</summary>
        public PingCommand()
            : base("device.ping", false)
        {
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            return true;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
        }
    }
}
