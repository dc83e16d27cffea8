
namespace DeviceQueue.Readings
{
    /// <summary>A sensor that may be absent, may lose its power and may come back. Called from one thread.</summary>
    public interface ISensor
    {
        /// <summary>
        /// Gets what answered, for example <c>BME280 at 0x76</c>, or the id of a chip that is not known, <c>0x61 at
        /// 0x76</c>; <see langword="null"/> while nothing has.
        /// </summary>
        string Description { get; }

        /// <summary>Gets the address where it is; 0 while it has to be looked for.</summary>
        int Address { get; }

        /// <summary>
        /// Measures now; finds and initialises the sensor first when that is needed. Blocks for 10 ms or a few times
        /// that.
        /// </summary>
        /// <param name="reading">Receives the quantities that this sensor measures, with the temperature, in place of
        /// those that it had; they are valid only with <see cref="SensorState.Ok"/>.</param>
        /// <returns>The state of the sensor.</returns>
        SensorState Read(Reading reading);
    }

    /// <summary>What came of a measurement.</summary>
    public enum SensorState
    {
        /// <summary>The values are the sensor's.</summary>
        Ok = 0,

        /// <summary>Nothing answers at the addresses that were searched.</summary>
        NotFound = 1,

        /// <summary>It stopped answering on the bus, or its answers contradict each other.</summary>
        NoAnswer = 2,

        /// <summary>It had lost its settings, as after a power loss of its own, and is initialised again.</summary>
        Reset = 3,

        /// <summary>A value outside of what the sensor can measure, or none.</summary>
        OutOfRange = 4,

        /// <summary>A change larger than <c>device.max_step</c> that no second reading has confirmed yet.</summary>
        Step = 5,

        /// <summary>A chip of another kind; <see cref="ISensor.Description"/> says which.</summary>
        WrongChip = 6,
    }
}
