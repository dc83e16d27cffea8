using DeviceQueue.Desktop;

namespace Simulator;

/// <summary>The program that tools/run starts.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            CommandLine typed = new(arguments);
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
    }
}
