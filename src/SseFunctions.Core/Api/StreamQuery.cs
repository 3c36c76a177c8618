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

    /// <returns>The request, or the problem with it.</returns>
    public static (StreamRequest? Request, ProblemHttpResult? Problem) Read(HttpRequest http, Topic topic)
    {
        var query = http.Query;
        var mode = query["mode"].ToString();
        if (mode is not ("" or "poll"))
            return (null, Problem.BadField("mode", $"mode has {mode.Length} characters that are not 'poll'; leave it out to hold the stream open."));

        var (start, problem) = ReadStart(http);
        return start is null ? (null, problem) : (new StreamRequest(topic, start, IsPoll: mode == "poll"), null);
    }

    private static (StreamStart? Start, ProblemHttpResult? Problem) ReadStart(HttpRequest http)
    {
        // The header wins: it is the browser's own, newer than what the page put into the URL.
        var lastEventId = http.Headers[LastEventId].ToString();
        if (lastEventId.Length == 0)
            lastEventId = http.Query["lastEventId"].ToString();

        if (lastEventId.Length > 0)
            return (StreamStart.Behind(lastEventId), null);

        var last = http.Query["last"].ToString();
        if (last.Length > 0)
        {
            return long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= EventId.MaxSequence
                ? (StreamStart.Last(count), null)
                : (null, Problem.BadField("last", $"last is no whole number from 0 to {EventId.MaxSequence}.", EventId.MaxSequence));
        }

        var from = http.Query["from"].ToString();
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
