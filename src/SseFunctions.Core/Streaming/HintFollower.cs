using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// Reads the rows that hints have announced, without asking for the head first; hints that come meanwhile are followed by the
/// next read.
/// </summary>
/// <param name="view">What the feed knows.</param>
/// <param name="readAsync">Reads what follows a view's last event, up to the rows that a hint has announced, into the feed.</param>
/// <param name="onRead">Called after that, with the view's last event: if the feed knows nothing later even now, the rows are missing.</param>
/// <param name="readHead">Has the head read, where it alone shows what a hint means.</param>
internal sealed class HintFollower(Func<TopicView> view, Func<TopicView, Task> readAsync, Action<EventId> onRead, Action readHead)
{
    private int isRunning;

    /// <summary>Says that there may be a hint.</summary>
    public void Signal()
    {
        if (view().IsHeadDue)
            readHead();

        if (view().HintedRows is null || Interlocked.Exchange(ref isRunning, 1) != 0)
            return;

        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        while (view() is { HintedRows: not null, Head: { } head } known)
        {
            await readAsync(known).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a read that fails is logged there
            onRead(head.LastId);
        }

        Interlocked.Exchange(ref isRunning, 0); // and not Volatile.Write, after which a newer view might not be seen
        Signal(); // one may have come just now
    }
}
