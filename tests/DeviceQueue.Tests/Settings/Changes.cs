using DeviceQueue.Settings;

namespace DeviceQueue.Tests.Settings;

internal static class Changes
{
    /// <summary>Finds a key among the firmware's own values.</summary>
    public static int PlaceOf(string key) =>
        Array.IndexOf([.. Enumerable.Range(0, FirmwareDefaults.Count).Select(FirmwareDefaults.GetKey)], key);

    /// <summary>Sets a value by its whole key.</summary>
    public static bool TrySet(this SettingsChanges changes, string key, string value) =>
        changes.TrySet(PlaceOf(key), value);
}
