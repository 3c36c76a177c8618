using System.Diagnostics.CodeAnalysis;

namespace SseFunctions.EventLog;

/// <summary>A turn in a topic's queue: what is written before the next turn begins.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Without timer and wait handle there is nothing to dispose of.")]
internal abstract class TopicWrite
{
    private readonly CancellationTokenSource abandoned = new();

    /// <summary>Fires when nobody waits for the write any more.</summary>
    public CancellationToken Abandoned => abandoned.Token;

    /// <summary>Ends the write. What was sent may be written all the same.</summary>
    public void Abandon() => _ = abandoned.CancelAsync();

    /// <summary>Fails everyone who still waits for the write.</summary>
    public abstract void Fail(Exception ex);
}
