
namespace DeviceQueue.Messaging
{
    /// <summary>Why bytes are not an envelope.</summary>
    public enum EnvelopeError
    {
        /// <summary>They are one.</summary>
        None,

        /// <summary>They are not JSON.</summary>
        NotJson,

        /// <summary>They are JSON, but not an object.</summary>
        NotAnObject,

        /// <summary>Objects or arrays are nested deeper than <see cref="EnvelopeCodec.MaxDepth"/>.</summary>
        TooDeep,

        /// <summary>A member of the envelope stands in it twice.</summary>
        DuplicateMember,

        /// <summary>Both <c>correlation_id</c> and <c>trace_id</c> are there.</summary>
        BothIds,

        /// <summary>A member of the envelope is neither a text nor null.</summary>
        NotText,

        /// <summary>A member other than the payload is longer than <see cref="EnvelopeCodec.MaxFieldBytes"/>.</summary>
        FieldTooLong,

        /// <summary><c>sent_time</c> is not a time.</summary>
        BadTime,

        /// <summary><c>message</c> is not canonical Base64.</summary>
        BadBase64,
    }
}
