using DeviceQueue.Configuration;


namespace DeviceQueue.Components
{
    /// <summary>A component that takes a configuration.</summary>
    public interface IConfigurable
    {
        /// <summary>Sets the configuration; before the component is opened for the first time.</summary>
        /// <param name="config">The configuration.</param>
        /// <exception cref="Messaging.ConfigException">A value is not allowed.</exception>
        /// <exception cref="Messaging.InvalidStateException">The component has been opened.</exception>
        void Configure(ConfigParams config);
    }
}
