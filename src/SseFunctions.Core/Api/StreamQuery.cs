using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>Reads a stream request's header and query.</summary>
internal static class StreamQuery
{
    public const string LastEventId = "Last-Event-ID";

    /// <summary>The topics that a request for several names, in the order of their names and each once.</summary>
    public static string[] Topics(HttpRequest http) =>
        [.. http.Query["topic"].Select(name => name ?? "").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <param name="http">The request.</param>
    /// <param name="topics">Its topics, in the order of their names.</param>
    /// <param name="accessLeft">How long all of them may be read; null without end.</param>
    /// <returns>The request, or the problem with it.</returns>
    public static (StreamRequest? Request, ProblemHttpResult? Problem) Read(HttpRequest http, IReadOnlyList<Topic> topics, TimeSpan? accessLeft)
    {
        var mode = http.Query["mode"].ToString();
        if (mode is not ("" or "poll"))
            return (null, Problem.BadField("mode", $"mode has {mode.Length} characters that are not 'poll'; leave it out to hold the stream open."));

        var (starts, problem) = ReadStarts(http, topics.Count);
        return starts is null
            ? (null, problem)
            : (new StreamRequest([.. topics.Zip(starts, (topic, start) => new TopicStart(topic, start))], IsPoll: mode == "poll", accessLeft), null);
    }

    private static (IReadOnlyList<StreamStart>? Starts, ProblemHttpResult? Problem) ReadStarts(HttpRequest http, int topics)
    {
        // The header wins: it is the browser's own, newer than what the page put into the URL.
        var lastEventId = http.Headers[LastEventId].ToString();
        if (lastEventId.Length == 0)
            lastEventId = http.Query["lastEventId"].ToString();

        if (lastEventId.Length > 0)
            return (StreamCursor.Starts(lastEventId, topics), null);

        var (start, problem) = ReadStart(http.Query["last"].ToString(), http.Query["from"].ToString());
        return start is null ? (null, problem) : ([.. Enumerable.Repeat(start, topics)], null);
    }

    private static (StreamStart? Start, ProblemHttpResult? Problem) ReadStart(string last, string from)
    {
        if (last.Length > 0)
        {
            return long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= EventId.MaxSequence
                ? (StreamStart.Last(count), null)
                : (null, Problem.BadField("last", $"last is no whole number from 0 to {EventId.MaxSequence}.", EventId.MaxSequence));
        }

        return from switch
        {
            "" or "now" => (StreamStart.Now, null),
            "start" => (StreamStart.Oldest, null),
            _ => (null, Problem.BadField("from", $"from has {from.Length} characters that are neither 'now' nor 'start'.")),
        };
    }

    /// <summary>What every stream response says to caches and proxies on its way.</summary>
    public static void SetHeaders(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store, no-transform";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold back what it takes for a page
    }
}
