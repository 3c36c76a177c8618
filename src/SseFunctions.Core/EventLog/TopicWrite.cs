using System.Diagnostics.CodeAnalysis;

namespace SseFunctions.EventLog;

/// <summary>A turn in a topic's queue: what is written before the next turn begins.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Without timer and wait handle there is nothing to dispose of.")]
internal abstract class TopicWrite
{
    private readonly CancellationTokenSource abandoned = new();

    /// <summary>Fires when nobody waits for the write any more.</summary>
    protected CancellationToken Abandoned => abandoned.Token;

    /// <summary>Ends the write. What was sent may be written all the same.</summary>
    public void Abandon() => _ = abandoned.CancelAsync();

    /// <summary>Writes, and tells everyone who waits for it what became of it.</summary>
    public abstract Task RunAsync(TopicPartition partition);

    /// <summary>Tells everyone who still waits that the write failed.</summary>
    public abstract void Fail(Exception fault);
}
