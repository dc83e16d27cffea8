using DeviceQueue.Text;

namespace DeviceQueue.Diagnostics
{
    /// <summary>What has a share in the health report.</summary>
    public interface IHealthPart
    {
        /// <summary>Writes its share: members of the report's object. Called from the main loop.</summary>
        /// <param name="writer">Stands in the report's object.</param>
        void WriteHealth(JsonWriter writer);
    }
}
