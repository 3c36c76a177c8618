using System.Globalization;
using System.Text;
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
    private readonly AsyncAutoResetEvent news = new();

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
                readers.Clear();
                feed.LeaveToReaders();
            }
        }
    }

    /// <returns>Whether there was something new.</returns>
    private async Task<bool> PushAsync(CancellationToken stop)
    {
        var (hasPushed, hasLoaded) = (false, false);
        while (!stop.IsCancellationRequested)
        {
            switch (feed.TakeNews(readers, out var after, out var slice))
            {
                case FeedReadKind.Frames:
                    var chunk = ChunkOf(slice.Bytes.Span);
                    foreach (var reader in readers)
                        reader.Push(after, slice, chunk);

                    readers.Clear();
                    (hasPushed, hasLoaded) = (true, false);
                    break;

                case FeedReadKind.NotLoaded when !hasLoaded:
                    await LoadAsync(after);
                    hasLoaded = true;
                    break;

                case FeedReadKind.NotLoaded:
                    feed.LeaveToReaders(); // they are told what is wrong, and tell their clients
                    return hasPushed;

                default:
                    return hasPushed;
            }
        }

        return hasPushed;
    }

    /// <summary>A chunk of an HTTP response, RFC 9112 section 7.1: made once for all clients.</summary>
    private static byte[] ChunkOf(ReadOnlySpan<byte> bytes) =>
        [.. Encoding.ASCII.GetBytes(bytes.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. bytes, .. "\r\n"u8];

    private async Task LoadAsync(EventId after)
    {
        try
        {
            await feed.LoadAsync(after);
        }
        catch (EventLogUnavailableException)
        {
            // The feed has logged it.
        }
    }

    [LoggerMessage(EventId = 103, Level = LogLevel.Error, Message = "New events of topic {Topic} could not be given to its streams by the push loop")]
    private partial void LogPushFailed(Topic topic, Exception fault);
}
