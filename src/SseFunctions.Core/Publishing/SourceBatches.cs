using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// Divides what a source yields into transactions: what comes within the flush interval after a first event, and fits. The source is
/// read ahead by as many events as a transaction has at most, so that a slow table holds it back: of the largest, these are 6 MiB.
/// </summary>
internal sealed class SourceBatches : IDisposable
{
    private readonly Channel<(NewEvent Event, long Time)> ahead =
        Channel.CreateBounded<(NewEvent, long)>(new BoundedChannelOptions(AppendLimits.MaxEvents) { SingleReader = true });

    private readonly TimeSpan flushInterval;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop;
    private readonly CancellationTokenRegistration onStop;
    private readonly Task reading;

    /// <param name="flushInterval">From a transaction's first event to its end.</param>
    /// <param name="stopped">Ends the source, and what waits for it, whether the source heeds it or not.</param>
    public SourceBatches(IAsyncEnumerable<SseEvent> source, TimeSpan flushInterval, TimeProvider time, CancellationToken stopped)
    {
        (this.flushInterval, this.time) = (flushInterval, time);
        stop = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        onStop = stop.Token.UnsafeRegister(_ => ahead.Writer.TryComplete(), null);
        reading = Task.Run(() => ReadAsync(source, stop.Token), CancellationToken.None); // which a source that computes would hold up
    }

    /// <summary>The next batch, when it is full or its time is up; not to be called again after the last.</summary>
    public async Task<SourceBatch> NextAsync()
    {
        var (events, flush) = (new List<NewEvent>(), (Task?)null);
        while (true)
        {
            while (ahead.Reader.TryPeek(out var next))
            {
                if (!SourceBatch.HasRoom(events, next.Event))
                    return new(events, IsLast: false);

                ahead.Reader.TryRead(out _);
                events.Add(next.Event);
                flush ??= FlushAsync(next.Time);
            }

            if (ahead.Reader.Completion.IsCompleted)
                return new(events, IsLast: true, await FaultAsync());

            if (events.Count == AppendLimits.MaxEvents || flush is { IsCompleted: true })
                return new(events, IsLast: false);

            var more = ahead.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
            await Task.WhenAny(more, flush ?? more);
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        onStop.Dispose();
        _ = reading.ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        stop.Dispose();
    }

    private Task FlushAsync(long firstEvent)
    {
        var left = flushInterval - time.GetElapsedTime(firstEvent);
        return left > TimeSpan.Zero ? Task.Delay(left, time, CancellationToken.None) : Task.CompletedTask;
    }

    /// <summary>An event outside its limits is the source's failure like any other.</summary>
    private async Task ReadAsync(IAsyncEnumerable<SseEvent> source, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var sseEvent in source.WithCancellation(cancellationToken))
            {
                var newEvent = sseEvent.ToNewEvent();
                newEvent.Validate();
                await WriteAsync(newEvent, cancellationToken);
            }
        }
        finally
        {
            ahead.Writer.TryComplete();
        }
    }

    private async ValueTask WriteAsync(NewEvent newEvent, CancellationToken cancellationToken)
    {
        try
        {
            await ahead.Writer.WriteAsync((newEvent, time.GetTimestamp()), cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new OperationCanceledException(cancellationToken); // only a stop closes it before the source ends
        }
    }

    /// <summary>Once there are no more events: why. A source that does not heed its token is not waited for.</summary>
    private async Task<ExceptionDispatchInfo?> FaultAsync()
    {
        try
        {
            await (stop.IsCancellationRequested ? reading.WaitAsync(stop.Token) : reading);
            return null;
        }
        catch (Exception ex)
        {
            return ExceptionDispatchInfo.Capture(ex);
        }
    }
}
