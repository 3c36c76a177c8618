using System.Text;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>An event to publish.</summary>
/// <param name="Data">At most 64 KiB in UTF-8. Its line ends all arrive as LF.</param>
/// <param name="Type">1 to 128 bytes in UTF-8, no control characters, not beginning with "sse."; null for the default, "message".</param>
public sealed record SseEvent(string Data, string? Type = null)
{
    /// <summary>Half a surrogate pair is refused, not replaced.</summary>
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">A text is not Unicode.</exception>
    internal NewEvent ToNewEvent()
    {
        if (Type is not null)
            _ = StrictUtf8.GetByteCount(Type);

        return new NewEvent(Type, StrictUtf8.GetBytes(Data));
    }
}
