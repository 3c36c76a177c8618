namespace SseFunctions.EventLog;

/// <summary>The caller gave a value that is not allowed; nothing was written.</summary>
/// <param name="field">The name of the field, as the caller knows it.</param>
/// <param name="message">What is wrong with it. It does not quote the value.</param>
/// <param name="limit">The maximum, in bytes or in a number of values, where the value is too long or too short.</param>
/// <param name="size">What was given, in the unit of the limit.</param>
/// <param name="tooLarge">Whether the value is over the limit.</param>
public sealed class InvalidInputException(string field, string message, long? limit = null, long? size = null, bool tooLarge = false) : Exception(message)
{
    /// <summary>The name of the field, as the caller knows it.</summary>
    public string Field { get; } = field;

    /// <summary>The maximum, in bytes or in a number of values; null where the size is not what is wrong.</summary>
    public long? Limit { get; } = limit;

    /// <summary>What was given, in the unit of <see cref="Limit"/>.</summary>
    public long? Size { get; } = size;

    /// <summary>Whether the value is over the limit, rather than malformed.</summary>
    public bool TooLarge { get; } = tooLarge;
}
