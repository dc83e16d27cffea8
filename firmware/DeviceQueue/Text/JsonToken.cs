
namespace DeviceQueue.Text
{
    /// <summary>What a <see cref="JsonReader"/> stands on.</summary>
    public enum JsonToken
    {
        /// <summary>Nothing has been read yet.</summary>
        None,

        /// <summary>An opening brace.</summary>
        BeginObject,

        /// <summary>A closing brace.</summary>
        EndObject,

        /// <summary>An opening bracket.</summary>
        BeginArray,

        /// <summary>A closing bracket.</summary>
        EndArray,

        /// <summary>The name of a member, its colon read with it.</summary>
        Name,

        /// <summary>A text.</summary>
        Text,

        /// <summary>A number.</summary>
        Number,

        /// <summary>The word true.</summary>
        True,

        /// <summary>The word false.</summary>
        False,

        /// <summary>The word null.</summary>
        Null,

        /// <summary>The value is complete and nothing follows it.</summary>
        End,

        /// <summary>The bytes are not JSON; it stays so.</summary>
        Error,
    }
}
