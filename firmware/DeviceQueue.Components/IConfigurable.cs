
namespace DeviceQueue.Components
{
    /// <summary>A component that takes a configuration.</summary>
    public interface IConfigurable
    {
        /// <summary>Sets the configuration; before the component is opened for the first time.</summary>
        /// <param name="config">The configuration.</param>
        /// <exception cref="Configuration.ConfigException">A value is not allowed.</exception>
        /// <exception cref="Diagnostics.InvalidStateException">The component has been opened.</exception>
        void Configure(ConfigParams config);
    }
}
