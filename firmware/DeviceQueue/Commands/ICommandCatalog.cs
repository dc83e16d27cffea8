
namespace DeviceQueue.Commands
{
    /// <summary>Knows the commands. One is made when it comes, so that none takes memory until then.</summary>
    public interface ICommandCatalog
    {
        /// <summary>Makes a command.</summary>
        /// <param name="name">Its message_type, or <see langword="null"/>.</param>
        /// <returns>The command, or <see langword="null"/> when there is none of that name.</returns>
        Command Make(string name);
    }
}
