using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>Reads which events GET topics/{topic}/events asks for.</summary>
internal static class HistoryQuery
{
    /// <exception cref="InvalidInputException">A parameter has a value that is not allowed.</exception>
    public static HistoryRequest Read(HttpRequest http, Topic topic)
    {
        var (after, before) = (RequestValue.FromQuery(http, "after"), RequestValue.FromQuery(http, "before"));
        var since = SinceText.Read(http);
        var limit = RequestValue.NumberFromQuery(http, "limit", 1, HistoryRequest.MaxLimit) ?? HistoryRequest.DefaultLimit;
        var filter = TypeFilter.Read(http);
        var start = after is not null ? EventId.TryParse(after, out var id) ? StreamStart.After(id) : StreamStart.UnknownId
            : since is { } time ? StreamStart.At(time)
            : before is null ? StreamStart.Oldest
            : null;
        var isPlaced = EventId.TryParse(before, out var end);
        return new(topic, start, isPlaced ? end : null, before is not null && !isPlaced, (int)limit, filter);
    }
}
