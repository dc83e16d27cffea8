using DeviceQueue.Desktop;
using Simulator;

try
{
    CommandLine typed = new(args);
    if (typed.Answer is { } answer)
    {
        Console.Out.Write(answer);
        return 0;
    }

    using Interruption interruption = new();
    await SimulatorRun.Run(typed.Read(), interruption);
    return 0;
}
catch (UserException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
