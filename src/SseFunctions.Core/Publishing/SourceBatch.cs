using System.Runtime.ExceptionServices;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>Events of a source that share a transaction.</summary>
/// <param name="Events">None only in the last batch.</param>
/// <param name="IsLast">Whether no more will come.</param>
/// <param name="Fault">What the source failed of, or that it was stopped; null when it came to its end.</param>
internal sealed record SourceBatch(IReadOnlyList<NewEvent> Events, bool IsLast, ExceptionDispatchInfo? Fault = null)
{
    /// <summary>Whether one more event fits in the transaction.</summary>
    public static bool HasRoom(IReadOnlyList<NewEvent> events, NewEvent next) =>
        events.Count < AppendLimits.MaxEvents && events.Sum(other => (long)other.Data.Length) + next.Data.Length <= AppendLimits.MaxAppendBytes;
}
