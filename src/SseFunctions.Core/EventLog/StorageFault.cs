using Azure;
using Azure.Data.Tables;
using Azure.Identity;

namespace SseFunctions.EventLog;

/// <summary>
/// Sorts what the storage client throws. With its own retries switched on, the client throws
/// RequestFailedException, AggregateException (all tries failed) or OperationCanceledException (a network timeout).
/// </summary>
internal static class StorageFault
{
    /// <summary>Another writer was first, or an earlier try of the same write landed.</summary>
    public static bool IsConflict(Exception fault) =>
        fault is RequestFailedException { Status: 409 or 412 } failed && failed.ErrorCode != "TableBeingDeleted";

    /// <summary>Whether storage has answered that it did nothing. (408: it gave up waiting, and may not know.)</summary>
    public static bool IsRefusal(Exception fault) =>
        fault is RequestFailedException { Status: >= 400 and < 500 and not 408 };

    /// <summary>Whether storage refused what was sent, as malformed or too large.</summary>
    public static bool IsOfContent(Exception fault) => fault is RequestFailedException { Status: 400 or 413 };

    /// <summary>Which operation of a transaction was refused; null where storage does not say.</summary>
    public static int? FailedOperation(Exception fault) => (fault as TableTransactionFailedException)?.FailedTransactionActionIndex;

    public static bool IsTableMissing(Exception fault) =>
        fault is RequestFailedException { Status: 404, ErrorCode: "TableNotFound" };

    /// <summary>Whether asking again can help: everything but a refusal (a 4xx that names neither time nor load).</summary>
    public static bool IsPassing(Exception fault) =>
        fault is not RequestFailedException { Status: >= 400 and < 500 and not (404 or 408 or 409 or 412 or 429) };

    /// <summary>Whether the fault is storage's, not the caller's own cancellation or a programming error.</summary>
    public static bool IsStorage(Exception fault, CancellationToken cancellationToken) => fault switch
    {
        RequestFailedException or IOException or HttpRequestException => true,
        AuthenticationFailedException => true, // the identity's endpoint may be slow to come up
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        AggregateException all => all.InnerExceptions.All(inner => IsStorage(inner, cancellationToken)),
        _ => false,
    };

    /// <summary>Status and code only: messages of the service may quote what was sent.</summary>
    public static EventLogUnavailableException Unavailable(Exception fault) => new(
        fault is RequestFailedException { Status: > 0 } failed
            ? $"Table storage answered {failed.Status} {failed.ErrorCode}."
            : fault is AuthenticationFailedException ? "No token for Table storage could be had." : "Table storage did not answer.",
        fault);
}
