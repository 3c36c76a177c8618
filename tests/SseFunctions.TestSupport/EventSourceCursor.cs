using System.Text;

namespace SseFunctions.TestSupport;

/// <summary>
/// What an EventSource has of a response that was cut at any byte: the events whose empty line has come, and the last event
/// ID that it brings when it reconnects. html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
/// </summary>
public sealed record EventSourceCursor(string? LastEventId, IReadOnlyList<SseMessage> Events)
{
    /// <param name="response">The bytes that have come.</param>
    /// <param name="lastEventId">What the client had before.</param>
    public static EventSourceCursor After(ReadOnlySpan<byte> response, string? lastEventId = null)
    {
        var frames = Encoding.UTF8.GetString(response).Split("\n\n")[..^1].Where(frame => frame.Length > 0).ToList();
        var id = frames.SelectMany(frame => frame.Split('\n')).LastOrDefault(line => line.StartsWith("id: ", StringComparison.Ordinal))?[4..];
        return new(id ?? lastEventId, [.. SseMessage.In(frames)]);
    }
}
