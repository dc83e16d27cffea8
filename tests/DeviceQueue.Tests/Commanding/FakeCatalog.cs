using DeviceQueue.Commanding;

namespace DeviceQueue.Tests.Commanding;

/// <summary>Commands that are there already.</summary>
internal sealed class FakeCatalog(params Command[] commands) : ICommandCatalog
{
    public Command? Make(string name) => Array.Find(commands, command => command.Name == name);
}
