namespace DeviceQueue.Readings
{
    /// <summary>A pin that measures a voltage.</summary>
    public interface IAnalogInput
    {
        /// <summary>Measures now.</summary>
        /// <returns>0 to <see cref="Battery.MaxSteps"/>.</returns>
        int Read();
    }
}
