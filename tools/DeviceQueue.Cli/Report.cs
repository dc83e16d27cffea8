using DeviceQueue.Cli.Provisioning;

namespace DeviceQueue.Cli;

/// <summary>Says what a change of the fleet did, and what a person does next. Secrets are in files, never here.</summary>
internal sealed class Report(TextWriter output)
{
    public void Provisioned(ProvisioningResult result, IReadOnlyList<DeviceRequest> requests)
    {
        int unchanged = requests.Count - result.Names.Count;
        if (unchanged > 0)
        {
            output.WriteLine(requests.Count == 1 ? $"{requests[0].Id} is there already, and stays as it is." : $"{unchanged} of {requests.Count} are there already, and stay as they are.");
        }

        foreach (string id in result.Names)
        {
            output.WriteLine($"{id}: {Folder(result, FleetFolder.DevicePath(id))}");
        }

        if (result.Names.Count > 0)
        {
            output.WriteLine();
            output.WriteLine(result.Names.Count == 1 ? "Its board:" : $"Their boards, each with the lines of its {FleetFolder.Steps}:");
            output.WriteLine();
            DeviceRequest first = requests.First(request => request.Id == result.Names[0]);
            output.WriteLine($"  cd {NextSteps.Quote(Folder(result, FleetFolder.DevicePath(first.Id)))}");
            foreach (string line in NextSteps.Flash(first.Board, first.Ssid != null))
            {
                output.WriteLine($"  {line}");
            }

            output.WriteLine();
            output.WriteLine(NextSteps.Note);
        }

        SayBroker(result);
    }

    public void OperatorAdded(ProvisioningResult result, string name)
    {
        output.WriteLine(result.Names.Count == 0 ? $"{name} is there already, and stays as it is." : $"{name}: {Folder(result, FleetFolder.OperatorPath(name))}");
        SayBroker(result);
    }

    public void Revoked(ProvisioningResult result, string name)
    {
        output.WriteLine($"{name} is revoked: its password, its rights and its files are gone.");
        SayBroker(result);
    }

    public void SaidOffline(string id, string? trouble) => output.WriteLine(trouble == null
        ? "Its status says offline."
        : $"The status that the broker keeps of {id} is still its last one, because {trouble}");

    public void Rotated(ProvisioningResult result, string name)
    {
        output.WriteLine($"{name} has new secrets; the old ones are worth nothing any more.");
        string device = Folder(result, FleetFolder.DevicePath(name));
        if (Directory.Exists(device))
        {
            output.WriteLine("It is off the broker until its board has them:");
            output.WriteLine();
            output.WriteLine($"  cd {NextSteps.Quote(device)}");
            output.WriteLine($"  {NextSteps.FilesLine}");
            output.WriteLine();
        }

        SayBroker(result);
    }

    private static string Folder(ProvisioningResult result, string path) => Path.Combine(result.Root, path);

    private void SayBroker(ProvisioningResult result)
    {
        string configuration = Folder(result, Path.Combine(FleetFolder.Broker, BrokerFiles.Configuration));
        if (result.IsReloaded)
        {
            output.WriteLine("The broker was told, and has read its files again." + (result.NeedsRestart ? " Its ports are others now, for which it has to be started anew." : ""));
        }
        else if (result.NeedsRestart)
        {
            output.WriteLine($"The broker, to be started, or started anew: mosquitto -c {NextSteps.Quote(configuration)}");
        }
        else if (result.IsChanged)
        {
            output.WriteLine($"No broker of this folder runs on this machine. One that runs elsewhere needs {Path.GetDirectoryName(configuration)} and a SIGHUP (systemctl reload mosquitto).");
        }
    }
}
