using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;

namespace DeviceQueue.Tests.Settings;

internal static class DeviceConfig
{
    /// <summary>Reads and checks the settings below device, in a configuration that is good elsewhere.</summary>
    public static DeviceSettings? Read(ConfigParams config, IPinRules? pins, string defaultId, ConfigProblems problems)
    {
        ConfigParams whole = config.SetDefaults(ConfigParams.FromTuples("connection.host", "broker"));
        return SettingsDraft.Read(new ParamsConfigReader(whole, problems), pins, defaultId)?.Device;
    }
}
