using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Streaming;

/// <summary>
/// Gives new events of one topic to all its readers: at once when the topic has been quiet, else when the flush interval is
/// over, and then all that have come by then. One loop that writes to client after client costs half of what it costs to
/// wake a task for each, and a process that cannot keep up writes more events at a time, not more often.
/// </summary>
/// <param name="feed">The topic's feed.</param>
/// <param name="flushInterval">The least time between two rounds (Stream__FlushInterval).</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of what nobody foresaw.</param>
internal sealed partial class PushLoop(TopicFeed feed, TimeSpan flushInterval, TimeProvider time, ILogger logger)
{
    private readonly WakeSignal news = new();

    /// <summary>The readers of the round under way.</summary>
    private readonly List<TopicReader> readers = [];

    /// <summary>Says that there may be something new.</summary>
    public void Hurry() => news.Set();

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
            catch (Exception fault)
            {
                // Streams hang on this loop: it goes on, and they see for themselves.
                LogPushFailed(feed.Topic, fault);
                readers.ForEach(reader => reader.Wake());
                readers.Clear();
            }
        }
    }

    /// <returns>Whether there was something new.</returns>
    private async Task<bool> PushAsync(CancellationToken stop)
    {
        var hasPushed = false;
        while (!stop.IsCancellationRequested)
        {
            switch (feed.TakeNews(readers, out var after, out var slice))
            {
                case FeedReadKind.Frames:
                    foreach (var reader in readers)
                        reader.Push(after, slice);

                    readers.Clear();
                    hasPushed = true;
                    break;

                case FeedReadKind.NotLoaded when await TryLoadAsync(after):
                    break;

                default:
                    return hasPushed;
            }
        }

        return hasPushed;
    }

    private async Task<bool> TryLoadAsync(EventId after)
    {
        try
        {
            await feed.LoadAsync(after);
            return true;
        }
        catch (EventLogUnavailableException)
        {
            return false; // the feed has logged it; the next poll that succeeds says again that there is news
        }
    }

    [LoggerMessage(EventId = 103, Level = LogLevel.Error, Message = "New events of topic {Topic} could not be given to its streams by the push loop")]
    private partial void LogPushFailed(Topic topic, Exception fault);
}
