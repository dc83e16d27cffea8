using System;

namespace DeviceQueue.Components
{
    /// <summary>
    /// The components that others may need, by descriptor. Filled at start, by one thread; reading is safe from any.
    /// </summary>
    public sealed class References
    {
        /// <summary>The most components.</summary>
        public const int MaxComponents = 32;

        private readonly Descriptor[] _descriptors = new Descriptor[MaxComponents];
        private readonly object[] _components = new object[MaxComponents];
        private int _count;

        /// <summary>Makes references of descriptors and components in turn.</summary>
        /// <param name="tuples">A <see cref="Descriptor"/>, its component, the next descriptor, …</param>
        /// <returns>The references.</returns>
        /// <exception cref="ArgumentException">A descriptor or a component is missing, or there are too
        /// many.</exception>
        public static References FromTuples(params object[] tuples)
        {
            if (tuples.Length % 2 != 0)
            {
                throw new ArgumentException();
            }

            References references = new References();
            for (int i = 0; i < tuples.Length; i += 2)
            {
                references.Put(tuples[i] as Descriptor, tuples[i + 1]);
            }

            return references;
        }

        /// <summary>Adds a component.</summary>
        /// <param name="descriptor">Its name.</param>
        /// <param name="component">The component.</param>
        /// <exception cref="ArgumentException">One of the two is missing, or there are <see cref="MaxComponents"/>
        /// already.</exception>
        public void Put(Descriptor descriptor, object component)
        {
            if (descriptor == null || component == null || _count == MaxComponents)
            {
                throw new ArgumentException();
            }

            _descriptors[_count] = descriptor;
            _components[_count] = component;
            _count++;
        }

        /// <summary>Looks for a component.</summary>
        /// <param name="locator">Its descriptor, as a rule with wildcards.</param>
        /// <returns>The one that was added last of those that match, or <see langword="null"/>.</returns>
        public object GetOptional(Descriptor locator)
        {
            for (int i = _count - 1; i >= 0; i--)
            {
                if (_descriptors[i].Matches(locator))
                {
                    return _components[i];
                }
            }

            return null;
        }
    }
}
