namespace SseFunctions.EventLog;

/// <summary>A value is outside the log's limits; nothing was written.</summary>
public sealed class EventLimitException(string field, long limit, long size, string message) : Exception(message)
{
    /// <summary>The name of the field, as publishers know it.</summary>
    public string Field { get; } = field;

    /// <summary>What is allowed at most, in bytes or events.</summary>
    public long Limit { get; } = limit;

    /// <summary>What was given, in the same unit.</summary>
    public long Size { get; } = size;

    /// <summary>Whether the value is too large, rather than malformed.</summary>
    public bool TooLarge => Size > Limit;
}
