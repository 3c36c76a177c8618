using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public sealed class HeadPollTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private readonly HeldTimers time = new();
    private readonly CancellationTokenSource stop = new();
    private Func<bool> poll = () => false;
    private bool isAwaited;
    private int failures;

    [Fact]
    public async Task Polls_grow_rarer_while_nothing_is_new_and_come_at_the_interval_after_news()
    {
        var isNews = false;
        poll = () => isNews;
        var running = Start().Running;

        var dues = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            var due = await time.ArmedAsync();
            dues.Add(due.TotalMilliseconds);
            isNews = i == 4;
            time.Pass(due);
        }

        Assert.Equal([600, 900, 1350, 2000, 2000, 400], dues);
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task Poll_comes_at_the_interval_for_a_reader_that_waits_and_not_before_it()
    {
        var polls = 0;
        poll = () => ++polls == 0;
        var (headPoll, _) = Start();
        await time.ArmedAsync();
        time.Pass(TimeSpan.FromMilliseconds(100)); // too early: it is set again

        Assert.Equal(TimeSpan.FromMilliseconds(500), await time.ArmedAsync());
        isAwaited = true;
        headPoll.Signal();

        Assert.Equal(TimeSpan.FromMilliseconds(300), await time.ArmedAsync());
        Assert.Equal(1, polls);
    }

    [Fact]
    public async Task Polling_goes_on_after_a_poll_that_failed()
    {
        poll = () => throw new EventLogUnavailableException("no", null);
        var (headPoll, _) = Start();

        await headPoll.FirstAnswer.WaitAsync(SseStream.Patience);
        time.Pass(await time.ArmedAsync());
        await time.ArmedAsync();

        Assert.Equal(2, failures);
    }

    public void Dispose() => stop.Dispose();

    private (HeadPoll Poll, Task Running) Start()
    {
        var headPoll = new HeadPoll(() => Task.FromResult(poll()), () => isAwaited, _ => failures++, Interval, time);
        return (headPoll, Task.Run(() => headPoll.RunAsync(stop.Token)));
    }
}
