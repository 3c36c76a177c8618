using System.Text;

namespace SseFunctions.EventLog;

/// <summary>An event to append.</summary>
/// <param name="Type">The SSE event type; null for the default, "message".</param>
/// <param name="Data">UTF-8, at most <see cref="AppendLimits.MaxDataBytes"/>.</param>
internal sealed record NewEvent(string? Type, ReadOnlyMemory<byte> Data)
{
    /// <summary>Types with this prefix are the stream's own, such as sse.reset.</summary>
    public const string ReservedTypePrefix = "sse.";

    /// <exception cref="InvalidInputException">The type or the data is outside its limits.</exception>
    public void Validate()
    {
        if (Data.Length > AppendLimits.MaxDataBytes)
            throw new InvalidInputException("data", $"data has {Data.Length} bytes; {AppendLimits.MaxDataBytes} are allowed.", AppendLimits.MaxDataBytes, Data.Length, tooLarge: true);

        if (Type is not null)
            ValidateType(Type);
    }

    /// <exception cref="InvalidInputException">No event can have the type.</exception>
    public static void ValidateType(string type)
    {
        var size = Encoding.UTF8.GetByteCount(type);
        if (size is 0 or > AppendLimits.MaxTypeBytes)
            throw new InvalidInputException("type", $"type has {size} bytes; 1 to {AppendLimits.MaxTypeBytes} are allowed.", AppendLimits.MaxTypeBytes, size, size > AppendLimits.MaxTypeBytes);

        // A line break would end the field (an injection), and a NUL has no place in a name.
        if (type.Any(char.IsControl))
            throw new InvalidInputException("type", "type holds a control character.");

        if (type.StartsWith(ReservedTypePrefix, StringComparison.Ordinal))
            throw new InvalidInputException("type", $"types that begin with '{ReservedTypePrefix}' are reserved.");
    }
}
