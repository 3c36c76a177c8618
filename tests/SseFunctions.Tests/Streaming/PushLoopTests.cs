using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public class PushLoopTests
{
    /// <summary>A round may meet several gaps in what is in memory.</summary>
    [Fact]
    public async Task Events_are_loaded_as_often_as_some_are_not_in_memory_and_then_pushed()
    {
        const int Events = 3;
        var (last, pushed, isLeft, isInMemory) = (new EventId("abc123", Events), 0, false, false);
        var (reader, over) = (new WokenReader(), new TaskCompletionSource());
        using var stop = new CancellationTokenSource();
        var loop = new PushLoop(Topic.Parse("a"), () => last, TakeNews, LoadAsync, LeaveToReaders, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
        var running = loop.RunAsync(stop.Token);

        loop.Signal();
        await over.Task.WaitAsync(SseStream.Timeout);
        await stop.CancelAsync();
        loop.Signal();
        await running.WaitAsync(SseStream.Timeout);

        Assert.Equal((Events, false), (pushed, isLeft));

        EventId? TakeNews(EventId? until, out IFeedReader[] receivers, out FrameSlice slice)
        {
            (receivers, slice) = ([], default);
            if (isLeft || pushed == Events)
            {
                over.TrySetResult();
                return null;
            }

            var after = last with { Sequence = pushed };
            if (isInMemory)
                (receivers, slice, pushed, isInMemory) = ([reader], new FrameSlice(default, pushed + 1, default), pushed + 1, false);

            return after;
        }

        Task LoadAsync(EventId after)
        {
            isInMemory = true;
            return Task.CompletedTask;
        }

        void LeaveToReaders()
        {
            isLeft = true;
            over.TrySetResult();
        }
    }

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
