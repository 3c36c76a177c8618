namespace SseFunctions.Access;

/// <summary>A token, or the request for one, is not as it must be. The message gives the reason and nothing of the value.</summary>
internal sealed class AccessFaultException(string field, string message, long? limit = null, long? size = null) : Exception(message)
{
    /// <summary>What is at fault, as the client knows it.</summary>
    public string Field { get; } = field;

    /// <summary>What is allowed at most; null where the fault is none of size.</summary>
    public long? Limit { get; } = limit;

    /// <summary>What was given, in the same unit.</summary>
    public long? Size { get; } = size;
}
