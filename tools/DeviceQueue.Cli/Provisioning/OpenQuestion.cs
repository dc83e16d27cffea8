namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// A change that needs a person's answer first. It is asked while the folder is free, so that a question which waits on
/// one screen holds up no revocation on another; then the change begins again.
/// </summary>
internal sealed class OpenQuestion(Action ask) : Exception
{
    public void Ask() => ask();
}
