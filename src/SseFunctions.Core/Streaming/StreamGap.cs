using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Why a stream cannot go on right after its cursor, and where it goes on instead.</summary>
/// <param name="Reason">One of the constants.</param>
/// <param name="Lost">How many events the client has missed for good; null where that cannot be known.</param>
/// <param name="ResumeFrom">The new cursor: right before the oldest retained event.</param>
internal sealed record StreamGap(string Reason, long? Lost, EventId ResumeFrom)
{
    /// <summary>Retention has removed events after the cursor.</summary>
    public const string Expired = "expired";

    /// <summary>The id was not issued by this server.</summary>
    public const string Unknown = "unknown";

    /// <summary>The log has not come so far.</summary>
    public const string Future = "future";

    /// <summary>The id is of another incarnation of the log.</summary>
    public const string Epoch = "epoch";

    /// <summary>The log that the id is of was deleted, or has expired altogether, and no other has begun.</summary>
    public const string Deleted = "deleted";
}
