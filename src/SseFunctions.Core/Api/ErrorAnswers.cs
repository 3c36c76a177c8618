using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using SseFunctions.Access;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>Turns what goes wrong with a request into its answer, for every endpoint.</summary>
internal sealed partial class ErrorAnswers(TimeProvider time, ILogger<ErrorAnswers> logger) : IDisposable
{
    /// <summary>When a client may try again after storage failed, or was asked too much.</summary>
    private const string RetryAfterSeconds = "5";

    /// <summary>When a publisher may try again after too many wrote at once: a few transactions later.</summary>
    private const string RetryAfterBusySeconds = "1";

    /// <summary>One for each type of exception, so that none hides another.</summary>
    private readonly ConcurrentDictionary<Type, FaultTally> faults = new();

    /// <param name="answer">What the endpoint does.</param>
    /// <returns>Its answer, or the problem that kept it from one.</returns>
    public async Task<IResult> CatchAsync(HttpContext context, Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (InvalidInputException ex)
        {
            return Problem.From(ex);
        }
        catch (AccessDeniedException ex)
        {
            return Denied(context.Response, ex);
        }
        catch (AccessUnavailableException ex)
        {
            Tally(ex, count => LogUnavailable(ex.Message, count));
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Problem.Create(StatusCodes.Status503ServiceUnavailable, "Access cannot be checked", $"{ex.Message} Try again.", AccessDeniedException.TokenField);
        }
        catch (EventLogBusyException ex)
        {
            Tally(ex, count => LogUnavailable(ex.Message, count));
            context.Response.Headers.RetryAfter = RetryAfterBusySeconds;
            return Problem.Create(StatusCodes.Status503ServiceUnavailable, "Too many writes", $"{ex.Message} Nothing was written. Try again.", "topic");
        }
        catch (PublicationsBusyException ex)
        {
            Tally(ex, count => LogUnavailable(ex.Message, count));
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Problem.Create(StatusCodes.Status503ServiceUnavailable, "Too many publications", $"{ex.Message} Nothing was written. Try again.");
        }
        catch (ReadsBusyException ex)
        {
            Tally(ex, count => LogUnavailable(ex.Message, count));
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Problem.Create(StatusCodes.Status503ServiceUnavailable, "Too many reads", $"{ex.Message} Try again later.");
        }
        catch (EventLogUnavailableException ex)
        {
            Tally(ex, count => LogUnavailable(ex.Message, count));
            return StorageUnavailable(context.Response);
        }
        catch (OperationCanceledException)
        {
            return context.RequestAborted.IsCancellationRequested ? TypedResults.Empty : StorageUnavailable(context.Response);
        }
        catch (Exception ex)
        {
            // Not left to the host: it would log each one, and answer without what keeps caches from it.
            Activity.Current?.AddException(ex).SetStatus(ActivityStatusCode.Error);
            Tally(ex, count => LogFailed(ex, count));
            return Problem.Create(StatusCodes.Status500InternalServerError, "Internal error", "the app failed; its log says why.");
        }
    }

    public void Dispose()
    {
        foreach (var tally in faults.Values)
            tally.Dispose();
    }

    private void Tally(Exception ex, Action<int> log) => faults.GetOrAdd(ex.GetType(), _ => new(FaultTally.UsualInterval, time)).Add(log);

    /// <summary>401, or 403 where the token is valid and for other topics.</summary>
    private static Problem Denied(HttpResponse response, AccessDeniedException ex)
    {
        // A 401 must say how to authenticate: RFC 9110, section 11.6.1; the errors are those of RFC 6750, section 3.1.
        var (status, challenge) = ex.Denial switch
        {
            AccessDenial.NotCovered => (StatusCodes.Status403Forbidden, "Bearer error=\"insufficient_scope\""),
            AccessDenial.InvalidToken => (StatusCodes.Status401Unauthorized, "Bearer error=\"invalid_token\""),
            _ => (StatusCodes.Status401Unauthorized, "Bearer"),
        };
        response.Headers.WWWAuthenticate = challenge;
        return Problem.Create(status, "No access", ex.Message, ex.Field, ex.Limit, ex.Size);
    }

    private static Problem StorageUnavailable(HttpResponse response)
    {
        response.Headers.RetryAfter = RetryAfterSeconds;
        return Problem.Create(
            StatusCodes.Status503ServiceUnavailable,
            "Storage unavailable",
            "the table could not be reached in time. A write may have been made all the same. Try again.");
    }

    [LoggerMessage(EventId = 4, Level = LogLevel.Error, Message = "A request failed before it was answered ({Count} requests since the last such line)")]
    private partial void LogFailed(Exception ex, int count);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "A request was answered 503: {Reason} ({Count} requests since the last such line)")]
    private partial void LogUnavailable(string reason, int count);
}
