using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public class PushLoopTests
{
    /// <summary>Else a loop for events that cannot be loaded would ask storage for them without a pause, and their readers never learn why.</summary>
    [Fact]
    public async Task Events_that_cannot_be_loaded_are_left_to_the_readers_after_one_load()
    {
        var last = new EventId("abc123", 2);
        var (loads, isLeft, left) = (0, false, new TaskCompletionSource());
        using var stop = new CancellationTokenSource();
        var loop = new PushLoop(Topic.Parse("a"), () => last, TakeNews, LoadAsync, LeaveToReaders, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
        var running = loop.RunAsync(stop.Token);

        loop.Signal();
        await left.Task.WaitAsync(SseStream.Timeout);
        await stop.CancelAsync();
        loop.Signal();
        await running.WaitAsync(SseStream.Timeout);

        Assert.Equal(1, loads);

        EventId? TakeNews(EventId? until, out IFeedReader[] receivers, out FrameSlice slice)
        {
            (receivers, slice) = ([], default);
            return isLeft ? null : last with { Sequence = 1 };
        }

        Task LoadAsync(EventId after) => ++loads > 100
            ? throw new InvalidOperationException("It loads for ever.")
            : Task.FromException(new EventLogUnavailableException("It is down.", null));

        void LeaveToReaders()
        {
            isLeft = true;
            left.TrySetResult();
        }
    }
}
