using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>
/// Reads a stream request's header and query. <c>lastEventId</c> may be given several times, and the last counts;
/// <c>mode</c>, <c>since</c>, <c>from</c>, <c>last</c> and <c>active</c> have one value.
/// </summary>
internal static class StreamQuery
{
    public const string LastEventId = "Last-Event-ID";

    /// <summary>The topics that a request for several names, in the order of their names and each once.</summary>
    /// <exception cref="InvalidInputException">There are none, or too many.</exception>
    public static string[] Topics(HttpRequest http)
    {
        string[] names = [.. http.Query["topic"].OfType<string>().Where(name => name.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return names.Length is > 0 and <= StreamRequest.MaxTopics ? names : throw new InvalidInputException(
            "topic",
            $"the query names {names.Length} topics; 1 to {StreamRequest.MaxTopics} are allowed, as in ?topic=a&topic=b.",
            StreamRequest.MaxTopics,
            names.Length,
            names.Length > StreamRequest.MaxTopics);
    }

    /// <param name="topics">Its topics, in the order of their names.</param>
    /// <param name="accessLeft">How long all of them may be read; null without end.</param>
    /// <exception cref="InvalidInputException">A parameter has a value that is not allowed.</exception>
    public static StreamRequest Read(HttpRequest http, IReadOnlyList<Topic> topics, TimeSpan? accessLeft)
    {
        var mode = RequestValue.FromQuery(http, "mode");
        if (mode is not (null or "poll" or "long-poll"))
            throw new InvalidInputException("mode", $"mode has {mode.Length} characters that are neither 'poll' nor 'long-poll'; leave it out to hold the stream open.");

        var isForActive = RequestValue.BooleanFromQuery(http, "active");
        var starts = ReadStarts(http, topics.Count, isForActive ? StreamStart.Oldest : StreamStart.Now);
        TopicStart[] places = [.. topics.Zip(starts, (topic, start) => new TopicStart(topic, start))];
        return new StreamRequest(places, IsPoll: mode == "poll", accessLeft, KeepsHalfFrames(http))
        {
            IsLongPoll = mode == "long-poll",
            Filter = TypeFilter.Read(http),

            // Who has got events already is to get the rest.
            IsForActive = isForActive && starts.All(start => start.LastEventId is null && !start.IsUnknownId),
        };
    }

    /// <summary>WebKit is Safari and every browser of iOS; those that are built on Chromium name WebKit and Chrome.</summary>
    private static bool KeepsHalfFrames(HttpRequest http)
    {
        var userAgent = http.Headers.UserAgent.ToString();
        return userAgent.Contains("AppleWebKit/", StringComparison.Ordinal)
            && !userAgent.Contains("Chrome/", StringComparison.Ordinal)
            && !userAgent.Contains("Chromium/", StringComparison.Ordinal);
    }

    private static IReadOnlyList<StreamStart> ReadStarts(HttpRequest http, int topics, StreamStart otherwise)
    {
        // The header wins: it is the browser's own, newer than what the page put into the URL.
        var lastEventId = LastOf(http.Headers[LastEventId]) ?? LastOf(http.Query["lastEventId"]);
        return lastEventId is not null
            ? StreamCursor.Starts(lastEventId, topics)
            : [.. Enumerable.Repeat(ReadStart(SinceText.Read(http), RequestValue.NumberFromQuery(http, "last", 0, EventId.MaxSequence), RequestValue.FromQuery(http, "from"), otherwise), topics)];
    }

    /// <summary>Clients that reconnect with a new id add it to what they have: the last is the newest.</summary>
    private static string? LastOf(IEnumerable<string?> values) =>
        values.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)).LastOrDefault(id => id.Length > 0);

    private static StreamStart ReadStart(Since? since, long? last, string? from, StreamStart otherwise)
    {
        if (since is { } time)
            return StreamStart.At(time);

        if (last is { } count)
            return StreamStart.Last(count);

        return from switch
        {
            null => otherwise,
            "now" => StreamStart.Now,
            "start" => StreamStart.Oldest,
            _ => throw new InvalidInputException("from", $"from has {from.Length} characters that are neither 'now' nor 'start'."),
        };
    }
}
