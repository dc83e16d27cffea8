using DeviceQueue.Json;

namespace DeviceQueue.Commanding
{
    /// <summary>What is answered to a command; one object is filled again and again.</summary>
    public sealed class CommandAnswer
    {
        /// <summary>Carried out.</summary>
        public const string Succeeded = "succeeded";

        /// <summary>Not allowed, not understood or not possible; nothing was done.</summary>
        public const string Rejected = "rejected";

        /// <summary>Begun, and not known to be done.</summary>
        public const string Failed = "failed";

        /// <summary>Too old to be carried out.</summary>
        public const string Expired = "expired";

        /// <summary>A repeat; <see cref="Text"/> says what was answered first.</summary>
        public const string Duplicate = "duplicate";

        /// <summary>The most bytes of a result.</summary>
        public const int MaxResultBytes = 1024;

        private readonly byte[] _scratch;

        /// <summary>Initializes a new instance of the <see cref="CommandAnswer"/> class.</summary>
        /// <param name="scratch">Where a result is written: <see cref="MaxResultBytes"/> at its end.</param>
        public CommandAnswer(byte[] scratch)
        {
            _scratch = scratch;
        }

        /// <summary>Gets or sets the status, one of the constants of this class.</summary>
        public string Status { get; set; }

        /// <summary>Gets or sets the code of a rejection or failure, see <see cref="CommandCode"/>, or <see langword="null"/>.</summary>
        public string Code { get; set; }

        /// <summary>Gets or sets what a person should know, or <see langword="null"/>.</summary>
        public string Text { get; set; }

        /// <summary>Gets where a command writes its result, one JSON value.</summary>
        public JsonWriter Result { get; } = new JsonWriter();

        /// <summary>Starts over.</summary>
        public void Reset()
        {
            Status = Succeeded;
            Code = null;
            Text = null;
            Result.Reset(_scratch, _scratch.Length - MaxResultBytes);
        }

        /// <summary>Turns the answer into the word that a command was begun and is not known to be done.</summary>
        /// <param name="code">See <see cref="CommandCode"/>.</param>
        /// <param name="text">What a person should know.</param>
        public void Fail(string code, string text)
        {
            Reset();
            Status = Failed;
            Code = code;
            Text = text;
        }

        /// <summary>Turns the answer into a rejection.</summary>
        /// <param name="code">See <see cref="CommandCode"/>.</param>
        /// <param name="text">What a person should know.</param>
        public void Reject(string code, string text)
        {
            Status = Rejected;
            Code = code;
            Text = text;
        }
    }
}
