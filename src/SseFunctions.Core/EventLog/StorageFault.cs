using Azure;
using Azure.Data.Tables;
using Azure.Identity;

namespace SseFunctions.EventLog;

/// <summary>What a failed request to storage says about what was written, and whether to try again.</summary>
internal sealed record StorageFault
{
    /// <summary>Another writer was first, or an earlier try of the same write landed.</summary>
    public bool IsConflict { get; private init; }

    /// <summary>Storage has answered that it did nothing. (Not 408: storage gave up waiting, and may not know.)</summary>
    public bool IsRefusal { get; private init; }

    /// <summary>Storage refused what was sent, as malformed or too large.</summary>
    public bool IsContentRefused { get; private init; }

    public bool IsTableMissing { get; private init; }

    /// <summary>A row that was to be changed is not there.</summary>
    public bool IsRowMissing { get; private init; }

    /// <summary>Whether asking again can help: everything but a refusal (a 4xx that names neither time nor load).</summary>
    public bool IsPassing { get; private init; } = true;

    /// <summary>Which operation of a transaction was refused; null where storage does not say.</summary>
    public int? FailedOperation { get; private init; }

    /// <summary>
    /// Whether the exception is storage's, not the caller's own cancellation or a programming error. With its own retries, the
    /// client throws RequestFailedException, AggregateException (all tries failed) or OperationCanceledException (a timeout).
    /// </summary>
    public static bool IsStorage(Exception ex, CancellationToken cancellationToken) => ex switch
    {
        RequestFailedException or IOException or HttpRequestException => true,
        AuthenticationFailedException => true, // the identity's endpoint may be slow to come up
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        AggregateException all => all.InnerExceptions.All(inner => IsStorage(inner, cancellationToken)),
        _ => false,
    };

    /// <summary>The log's exception for one of the storage client.</summary>
    public static EventLogUnavailableException Unavailable(Exception ex)
    {
        var answer = ex as RequestFailedException;
        // Status and code only: messages of the service may quote what was sent.
        var message = answer is { Status: > 0 } ? $"Table storage answered {answer.Status} {answer.ErrorCode}."
            : ex is AuthenticationFailedException ? "There is no token for Table storage."
            : "Table storage did not answer.";
        return new EventLogUnavailableException(message, ex) { Fault = answer is null ? new StorageFault() : From(answer) };
    }

    private static StorageFault From(RequestFailedException answer) => new()
    {
        IsConflict = answer is { Status: 409 or 412 } && answer.ErrorCode != "TableBeingDeleted",
        IsRefusal = answer is { Status: >= 400 and < 500 and not 408 },
        IsContentRefused = answer is { Status: 400 or 413 },
        IsRowMissing = answer is { Status: 404 } && answer.ErrorCode != "TableNotFound",
        IsTableMissing = answer is { Status: 404, ErrorCode: "TableNotFound" },
        IsPassing = answer is not { Status: >= 400 and < 500 and not (404 or 408 or 409 or 412 or 429) },
        FailedOperation = (answer as TableTransactionFailedException)?.FailedTransactionActionIndex,
    };
}
