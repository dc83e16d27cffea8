using DeviceQueue.Cli.Provisioning;

namespace DeviceQueue.Cli;

/// <summary>
/// Says what a change of the fleet did, and what a person does next. Secrets are in files, never here.
/// </summary>
internal sealed class Report(TextWriter output)
{
    public void Provisioned(ProvisioningResult result, IReadOnlyList<DeviceRequest> requests)
    {
        int unchanged = requests.Count - result.Names.Count;
        if (unchanged > 0)
        {
            output.WriteLine(
                requests.Count == 1
                    ? $"{requests[0].Id} is there already, and stays as it is."
                    : $"{unchanged} of {requests.Count} are there already, and stay as they are.");
        }

        foreach (string id in result.Names)
        {
            output.WriteLine($"{id}: {Folder(result, FleetFolder.DevicePath(id))}");
        }

        if (result.Names.Count > 0)
        {
            output.WriteLine();
            output.WriteLine(
                result.Names.Count == 1
                    ? "Its board:"
                    : $"Their boards, each with the lines of its {FleetFolder.Steps}:");
            output.WriteLine();
            DeviceRequest first = requests.First(request => request.Id == result.Names[0]);
            output.WriteLine($"  cd {NextSteps.Quote(Folder(result, FleetFolder.DevicePath(first.Id)))}");
            foreach (string line in NextSteps.Flash(first.Board ?? Board.Default, first.Ssid != null))
            {
                output.WriteLine($"  {line}");
            }

            output.WriteLine();
            output.WriteLine(NextSteps.Note);
            output.WriteLine();
            output.WriteLine("Or on this computer, with a virtual board:");
            output.WriteLine();
            foreach (string line in NextSteps.Desk(Here(result.Root), first.Id, result.HasOperator))
            {
                output.WriteLine($"  {line}");
            }

            output.WriteLine();
        }

        SayBroker(result);
    }

    public void OperatorAdded(ProvisioningResult result, string name)
    {
        output.WriteLine(result.Names.Count == 0
            ? $"{name} is there already, and stays as it is."
            : $"{name}: {Folder(result, FleetFolder.OperatorPath(name))}");
        output.WriteLine("If you share subscriptions ($share/GROUP/…), give the group a name that cannot be guessed: "
            + "a device that knows the name can join the group and take readings out of it.");
        SayBroker(result);
    }

    public void Revoked(ProvisioningResult result, string name)
    {
        output.WriteLine($"{name} is revoked: its password, its rights and its files are gone.");
        SayBroker(result);
    }

    public void SaidOffline(Member device, string? trouble)
    {
        if (trouble == null)
        {
            output.WriteLine("Its status says offline.");
            return;
        }

        string id = device.Name;
        output.WriteLine(
            $"The status that the broker keeps of {id} is still its last one, because {Plain.Text(trouble)}");
        if (device.HasCertificate)
        {
            output.WriteLine(
                "No new connection is taken with its old certificate. One that it still has is open, without "
                + "a right to say or hear anything, until the broker starts again.");
        }
    }

    public void DeviceSet(ProvisioningResult result, string id)
    {
        output.WriteLine(result.Names.Count == 0
            ? $"{id} has these settings already, and stays as it is."
            : $"{id} has other settings. For its board:");
        if (result.Names.Count > 0)
        {
            SayFiles(result, id);
        }
    }

    public void Rotated(ProvisioningResult result, string name)
    {
        output.WriteLine($"{name} has new secrets; the old ones are worth nothing any more.");
        if (result.Device != null)
        {
            output.WriteLine("It is off the broker until its board has them:");
            SayFiles(result, name);
        }

        SayBroker(result);
    }

    private static string Folder(ProvisioningResult result, string path) => Path.Combine(result.Root, path);

    // As it is typed from here.
    private static string Here(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    private void SayFiles(ProvisioningResult result, string id)
    {
        output.WriteLine();
        output.WriteLine($"  cd {NextSteps.Quote(Folder(result, FleetFolder.DevicePath(id)))}");
        if (result.HasNetwork)
        {
            output.WriteLine($"  {NextSteps.NetworkLine}");
        }

        output.WriteLine($"  {NextSteps.FilesLine}");
        output.WriteLine();
    }

    private void SayBroker(ProvisioningResult result)
    {
        string configuration = Folder(result, Path.Combine(FleetFolder.Broker, BrokerFiles.Configuration));
        if (result.IsReloaded)
        {
            output.WriteLine(
                "The broker was told, and has read its files again."
                + (result.NeedsRestart ? " Its ports are others now, for which it has to be started again." : ""));
        }
        else if (result.NeedsRestart)
        {
            output.WriteLine($"The broker, to be started, or started again: {NextSteps.BrokerLine(result.Root)}");
        }
        else if (result.IsChanged)
        {
            output.WriteLine(
                "No broker of this folder runs on this machine. One that runs elsewhere needs "
                + $"{Path.GetDirectoryName(configuration)} and a SIGHUP (systemctl reload mosquitto).");
        }
    }
}
