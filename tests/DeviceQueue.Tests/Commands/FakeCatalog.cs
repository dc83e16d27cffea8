using DeviceQueue.Commands;

namespace DeviceQueue.Tests.Commands;

/// <summary>Commands that are there already.</summary>
internal sealed class FakeCatalog(params Command[] commands) : ICommandCatalog
{
    public Command? Make(string name) => Array.Find(commands, command => command.Name == name);
}
