namespace DeviceQueue.SystemTests.Simulator;

/// <summary>The simulator as a process.</summary>
internal sealed class SimulatorProcess(params string[] arguments) : ToolProcess("Simulator.dll", arguments);
