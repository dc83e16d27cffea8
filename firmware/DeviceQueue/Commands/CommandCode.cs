
namespace DeviceQueue.Commands
{
    /// <summary>Why a command was not carried out, as it stands in the answer.</summary>
    public static class CommandCode
    {
        /// <summary>
        /// No message_id of 1 to 64 printable characters; with a command key also no sent_time, or a control character
        /// in a field.
        /// </summary>
        public const string BadEnvelope = "bad_envelope";

        /// <summary>No command of that message_type.</summary>
        public const string UnknownCommand = "unknown_command";

        /// <summary>The payload is not the JSON object that the command takes.</summary>
        public const string BadArguments = "bad_arguments";

        /// <summary>No output of that name.</summary>
        public const string UnknownOutput = "unknown_output";

        /// <summary>The message was marked retained, so it may be as old as the broker.</summary>
        public const string Retained = "retained";

        /// <summary>The device has a command key and the command no signature.</summary>
        public const string Unsigned = "unsigned";

        /// <summary>The signature is not that of this command for this device.</summary>
        public const string BadSignature = "bad_signature";

        /// <summary>The command is one that only a device with a command key takes.</summary>
        public const string KeyRequired = "key_required";

        /// <summary>
        /// The device has a command key and does not know the time yet, so it cannot tell a fresh command from a
        /// repeated one.
        /// </summary>
        public const string NoClock = "no_clock";

        /// <summary>The command comes from the future.</summary>
        public const string BadTime = "bad_time";

        /// <summary>
        /// No change is taken for a while: the answer to the one before is still on its way, each place of the history
        /// is held by a command that could still be repeated, or the history cannot be read.
        /// </summary>
        public const string Busy = "busy";

        /// <summary>
        /// The command was recorded and a reboot cut it off: whether it was carried out is not known.
        /// </summary>
        public const string Interrupted = "interrupted";

        /// <summary>The storage failed, so the command could not be recorded and was not carried out.</summary>
        public const string NotRecorded = "not_recorded";

        /// <summary>The storage failed in the middle of what the command does to it.</summary>
        public const string StorageFailed = "storage_failed";

        /// <summary>The sensor gave no reading that can be trusted.</summary>
        public const string SensorFault = "sensor_fault";

        /// <summary>The result does not fit into an answer.</summary>
        public const string TooLarge = "too_large";

        /// <summary>
        /// Carrying the command out ended in an error; with the status rejected, already checking it.
        /// </summary>
        public const string InternalError = "internal_error";
    }
}
