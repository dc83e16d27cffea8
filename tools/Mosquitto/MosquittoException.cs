namespace Mosquitto;

/// <summary>libmosquitto refused a call.</summary>
public sealed class MosquittoException(int code) : Exception(MosquittoLibrary.ErrorText(code))
{
    /// <summary>Gets libmosquitto's error code (enum mosq_err_t).</summary>
    public int Code { get; } = code;
}
