using System.CommandLine;
using DeviceQueue.Cli;

// The command line's own time limit would kill a farewell that is still under way.
return await Commands.Create(Console.Out, Console.Error).Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
