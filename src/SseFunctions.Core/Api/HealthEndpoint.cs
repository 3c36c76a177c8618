using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>GET health: 200 when the table can be reached, else 503. The table is asked at most once a second, whoever asks.</summary>
public sealed class HealthEndpoint
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long the table may take to answer.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly TableEventLog log;
    private readonly OpenStreams openStreams;
    private readonly TimeProvider time;
    private readonly SharedRead<bool> isReachable;

    internal HealthEndpoint(TableEventLog log, OpenStreams openStreams, TimeProvider time)
    {
        (this.log, this.openStreams, this.time) = (log, openStreams, time);
        isReachable = new(Interval, time, _ => PingAsync());
    }

    /// <summary>Answers whether the table can be reached, and how many streams this process holds open.</summary>
    public async Task<IResult> ReadAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            return await isReachable.ReadAsync(context.RequestAborted)
                ? Answer("reachable", StatusCodes.Status200OK)
                : Answer("unreachable", StatusCodes.Status503ServiceUnavailable);
        }
        catch (OperationCanceledException)
        {
            return TypedResults.Empty;
        }
    }

    private JsonHttpResult<HealthState> Answer(string storage, int status) => TypedResults.Json(new HealthState(storage, openStreams.Count), statusCode: status);

    private async Task<bool> PingAsync()
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        try
        {
            await log.PingAsync(timeout.Token);
            return true;
        }
        catch (Exception ex) when (ex is EventLogUnavailableException or OperationCanceledException)
        {
            return false;
        }
    }
}
