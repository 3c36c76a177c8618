using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// The event id of a stream: of one topic its event's own id, of several the ids of all in the order of the topics' names,
/// joined by dots, so that a Last-Event-ID says where the client is in each.
/// </summary>
internal static class StreamCursor
{
    public const char Separator = '.';

    public static string Join(IEnumerable<EventId> ids) => string.Join(Separator, ids);

    /// <summary>Where each of the topics goes on.</summary>
    /// <param name="lastEventId">What the client brings. If any part of it was not issued by this server, none is trusted.</param>
    /// <param name="topics">How many topics the stream has.</param>
    public static IReadOnlyList<StreamStart> Starts(string lastEventId, int topics)
    {
        var parts = lastEventId.Split(Separator);
        var starts = new StreamStart[topics];
        for (var i = 0; i < topics; i++)
        {
            if (parts.Length != topics || !EventId.TryParse(parts[i], out var id))
                return [.. Enumerable.Repeat(StreamStart.UnknownId, topics)];

            starts[i] = StreamStart.After(id);
        }

        return starts;
    }
}
