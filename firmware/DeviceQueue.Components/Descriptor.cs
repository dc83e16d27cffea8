using System;

namespace DeviceQueue.Components
{
    /// <summary>
    /// Names a component: <c>group:type:kind:name:version</c>. In one that is looked for, <c>*</c> stands for anything.
    /// </summary>
    public sealed class Descriptor
    {
        private const string Any = "*";
        private const int Parts = 5;

        /// <summary>
        /// Initializes a new instance of the <see cref="Descriptor"/> class. <see langword="null"/> and empty stand for
        /// <c>*</c>.
        /// </summary>
        /// <param name="group">Whose component it is, for example <c>pip-services</c>.</param>
        /// <param name="type">What it is for, for example <c>message-queue</c>.</param>
        /// <param name="kind">How it does that, for example <c>mqtt</c>.</param>
        /// <param name="name">Which one it is.</param>
        /// <param name="version">The version of what it is for, for example <c>1.0</c>.</param>
        public Descriptor(string group, string type, string kind, string name, string version)
        {
            Group = OrAny(group);
            Type = OrAny(type);
            Kind = OrAny(kind);
            Name = OrAny(name);
            Version = OrAny(version);
        }

        /// <summary>Gets whose component it is.</summary>
        public string Group { get; }

        /// <summary>Gets what it is for.</summary>
        public string Type { get; }

        /// <summary>Gets how it does that.</summary>
        public string Kind { get; }

        /// <summary>Gets which one it is.</summary>
        public string Name { get; }

        /// <summary>Gets the version of what it is for.</summary>
        public string Version { get; }

        /// <summary>Reads the form with colons.</summary>
        /// <param name="text">For example <c>*:logger:*:*:1.0</c>.</param>
        /// <returns>The descriptor.</returns>
        /// <exception cref="ArgumentException">The text has not five parts.</exception>
        public static Descriptor FromString(string text)
        {
            string[] parts = text.Split(':');
            if (parts.Length != Parts)
            {
                throw new ArgumentException(text);
            }

            return new Descriptor(parts[0], parts[1], parts[2], parts[3], parts[4]);
        }

        /// <summary>Tells whether two descriptors can mean the same component.</summary>
        /// <param name="other">The other.</param>
        /// <returns><see langword="true"/> when all parts are equal, where <c>*</c> on either side equals
        /// anything.</returns>
        public bool Matches(Descriptor other)
        {
            return Matches(Group, other.Group)
                && Matches(Type, other.Type)
                && Matches(Kind, other.Kind)
                && Matches(Name, other.Name)
                && Matches(Version, other.Version);
        }

        /// <summary>Writes the form with colons.</summary>
        /// <returns>The text.</returns>
        public override string ToString()
        {
            return Group + ":" + Type + ":" + Kind + ":" + Name + ":" + Version;
        }

        private static string OrAny(string part)
        {
            return string.IsNullOrEmpty(part) ? Any : part;
        }

        private static bool Matches(string one, string other)
        {
            return one == Any || other == Any || one == other;
        }
    }
}
