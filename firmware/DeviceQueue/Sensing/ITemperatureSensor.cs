namespace DeviceQueue.Sensing
{
    /// <summary>A sensor that may be absent, may lose its power and may come back. Called from one thread.</summary>
    public interface ITemperatureSensor
    {
        /// <summary>Gets what the sensor is, for example <c>BME280 at 0x76</c>, or <see langword="null"/> while none was found.</summary>
        string Description { get; }

        /// <summary>Measures now; finds and initialises the sensor first when that is needed. Blocks for the time of a measurement, some 10 ms.</summary>
        /// <param name="reading">Receives temperature, humidity and pressure.</param>
        /// <returns>What came of it; only <see cref="SensorState.Ok"/> leaves a valid <paramref name="reading"/>.</returns>
        SensorState Read(Reading reading);
    }

    /// <summary>What came of a measurement.</summary>
    public enum SensorState
    {
        /// <summary>The values are the sensor's.</summary>
        Ok = 0,

        /// <summary>Nothing that answers as a BME280 or BMP280 at the addresses that were searched.</summary>
        NotFound = 1,

        /// <summary>It stopped answering on the bus.</summary>
        NoAnswer = 2,

        /// <summary>It had lost its settings, as after a power loss of its own, and is initialised anew.</summary>
        Reset = 3,

        /// <summary>A value outside of what the sensor can measure.</summary>
        OutOfRange = 4,

        /// <summary>A change larger than <c>device.max_step</c> that no second reading has confirmed yet.</summary>
        Step = 5,
    }
}
