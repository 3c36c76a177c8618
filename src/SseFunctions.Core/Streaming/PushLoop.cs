using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Streaming;

/// <summary>
/// Gives new events of one topic to all its readers: at once when the topic has been quiet, else when the flush interval is
/// over, and then all that have come by then. One loop that writes to client after client costs half of what it costs to
/// wake a task for each, and a process that cannot keep up writes more events at a time, not more often.
/// </summary>
/// <param name="newest">The topic's last event as it is known; null while there is no log.</param>
/// <param name="takeNews">The next events that readers have not been given.</param>
/// <param name="loadAsync">Loads what follows an event.</param>
/// <param name="leaveToReaders">Makes the readers read all there is by themselves.</param>
/// <param name="flushInterval">The minimum time between the starts of two rounds (Stream__FlushInterval).</param>
internal sealed partial class PushLoop(
    Topic topic,
    Func<EventId?> newest,
    PushLoop.TakeNews takeNews,
    Func<EventId, Task> loadAsync,
    Action leaveToReaders,
    TimeSpan flushInterval,
    TimeProvider time,
    ILogger logger)
{
    private readonly AsyncAutoResetEvent news = new();

    /// <param name="until">The last event of the round.</param>
    /// <param name="receivers">The topic's readers, when the events are in memory; else none.</param>
    /// <param name="slice">The events then.</param>
    /// <returns>The event before them; null when there is nothing.</returns>
    public delegate EventId? TakeNews(EventId? until, out IFeedReader[] receivers, out FrameSlice slice);

    /// <summary>To be called when there may be something new, or when the loop is to stop.</summary>
    public void Signal() => news.Set();

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await news.WaitAsync();
            try
            {
                var start = time.GetTimestamp();
                var hasPushed = await PushAsync(stop);
                if (hasPushed && time.GetElapsedTime(start) is var taken && taken < flushInterval)
                    await Task.Delay(flushInterval - taken, time, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The feed is no more.
            }
            catch (Exception ex)
            {
                // Streams hang on this loop: it goes on, and they read for themselves.
                LogPushFailed(topic, ex);
                leaveToReaders();
            }
        }
    }

    /// <summary>A round, up to the head as it is at its beginning: what comes meanwhile waits for the next one.</summary>
    /// <returns>Whether there was something new.</returns>
    private async Task<bool> PushAsync(CancellationToken stop)
    {
        var (until, hasPushed, hasLoaded) = (newest(), false, false);
        while (!stop.IsCancellationRequested && takeNews(until, out var receivers, out var slice) is { } after)
        {
            if (receivers.Length > 0)
            {
                slice = slice.Bytes.Length is > 0 and <= ClientWriter.MaxWriteBytes ? slice.WithChunk() : slice;
                foreach (var reader in receivers)
                    reader.Push(after, slice);

                (hasPushed, hasLoaded) = (true, false);
            }
            else if (!hasLoaded)
            {
                await loadAsync(after).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a load that fails is logged there
                hasLoaded = true;
            }
            else
            {
                leaveToReaders(); // they see what is wrong, and report it to their clients
                break;
            }
        }

        return hasPushed;
    }

    [LoggerMessage(EventId = 103, Level = LogLevel.Error, Message = "New events of topic {Topic} could not be given to its streams by the push loop")]
    private partial void LogPushFailed(Topic topic, Exception ex);
}
