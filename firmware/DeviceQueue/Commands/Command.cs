
namespace DeviceQueue.Commands
{
    /// <summary>
    /// One kind of command. Preparing reads and checks the arguments and changes nothing; executing cannot be refused
    /// any more.
    /// </summary>
    public abstract class Command
    {
        /// <summary>Initializes a new instance of the <see cref="Command"/> class.</summary>
        /// <param name="name">The message_type that names the command.</param>
        /// <param name="isChange">Whether carrying it out twice is not the same as once.</param>
        /// <param name="needsKey">Whether only a device with a command key takes it.</param>
        protected Command(string name, bool isChange, bool needsKey = false)
        {
            Name = name;
            IsChange = isChange;
            NeedsKey = needsKey;
        }

        /// <summary>Gets the message_type that names the command.</summary>
        public string Name { get; }

        /// <summary>
        /// Gets a value indicating whether the command changes something, so that it is recorded in storage before it
        /// is carried out.
        /// </summary>
        public bool IsChange { get; }

        /// <summary>Gets a value indicating whether only a device with a command key takes the command.</summary>
        public bool NeedsKey { get; }

        /// <summary>Reads and checks the arguments; without an override there are none.</summary>
        /// <param name="arguments">The arguments.</param>
        /// <param name="answer">Takes the rejection.</param>
        /// <returns><see langword="false"/> when the command was rejected.</returns>
        public virtual bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            return true;
        }

        /// <summary>Carries out what was prepared last.</summary>
        /// <param name="answer">Takes the result.</param>
        public abstract void Execute(CommandAnswer answer);
    }
}
