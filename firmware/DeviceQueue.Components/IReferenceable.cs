
namespace DeviceQueue.Components
{
    /// <summary>A component that needs others.</summary>
    public interface IReferenceable
    {
        /// <summary>Tells the component where to look for others; before it is opened for the first time.</summary>
        /// <param name="references">The others.</param>
        /// <exception cref="Diagnostics.InvalidStateException">The component has been opened.</exception>
        void SetReferences(References references);

        /// <summary>Lets go of the references; what has been opened with them keeps what it found.</summary>
        void UnsetReferences();
    }
}
