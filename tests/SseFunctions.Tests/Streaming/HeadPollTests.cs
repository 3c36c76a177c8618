using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public sealed class HeadPollTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private readonly HeldTimers time = new();
    private readonly CancellationTokenSource stop = new();
    private TopicView view = TopicView.Unknown;
    private Func<TopicHead?> poll = () => Head(1);
    private int polls;
    private int failures;

    [Fact]
    public async Task Quiet_topic_is_looked_at_once_a_minute_from_a_random_moment_on()
    {
        var running = Start().Running;

        var first = await time.ArmedAsync();
        time.Pass(first);
        var second = await time.ArmedAsync();
        time.Pass(second);
        await time.ArmedAsync();

        Assert.InRange(first, TimeSpan.FromTicks(1), HeadPoll.LookInterval);
        Assert.Equal(HeadPoll.LookInterval, second);
        Assert.Equal(3, polls);
        Assert.False(running.IsCompleted);
    }

    /// <summary>A writer without the change feed: its topic is polled as long as its news come without a hint, and for ten minutes more.</summary>
    [Fact]
    public async Task Topic_with_news_that_no_hint_announces_is_polled_for_ten_minutes()
    {
        Start();
        await FindNewsAsync();
        time.Pass(HeadPoll.HintGrace);

        var (dues, passed) = (new List<double>(), TimeSpan.Zero);
        while (dues.LastOrDefault() < 10_000)
        {
            var due = await time.ArmedAsync();
            dues.Add(due.TotalMilliseconds);
            if (due <= TimeSpan.FromSeconds(2))
                passed += due;

            time.Pass(due);
        }

        Assert.Equal([750, 1125, 1687.5, 2000, 2000], dues.Take(5));
        Assert.InRange(passed, HeadPoll.PolledTime - TimeSpan.FromSeconds(4), HeadPoll.PolledTime + TimeSpan.FromSeconds(4));
    }

    /// <summary>Each poll finds something newer there: that must not put off the judgement of what came before.</summary>
    [Fact]
    public async Task Polling_of_a_busy_topic_does_not_pause()
    {
        Start();
        await FindNewsAsync();
        poll = () => Head(polls);
        time.Pass(HeadPoll.HintGrace);

        var passed = TimeSpan.Zero;
        for (var due = await time.ArmedAsync(); passed < 3 * HeadPoll.PolledTime; due = await time.ArmedAsync())
        {
            Assert.InRange(due, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
            passed += due;
            time.Pass(due);
        }
    }

    /// <summary>The news of each poll are announced, if only after the next one.</summary>
    [Fact]
    public async Task Polling_of_a_busy_topic_ends_once_its_news_are_announced()
    {
        Start();
        await FindNewsAsync();
        poll = () => Head(polls);
        time.Pass(HeadPoll.HintGrace);

        var (passed, due) = (TimeSpan.Zero, await time.ArmedAsync());
        while (passed < HeadPoll.PolledTime)
        {
            view = view.Hinted(Head(polls - 1).LastId, hasEnded: false);
            passed += due;
            time.Pass(due);
            due = await time.ArmedAsync();
        }

        Assert.InRange(due, TimeSpan.FromSeconds(1), HeadPoll.HintGrace); // not half a second: it waits for the last one's hint only
    }

    [Fact]
    public async Task Topic_whose_news_are_announced_in_time_is_not_polled()
    {
        Start();
        await FindNewsAsync();

        view = view.Hinted(Head(2).LastId, hasEnded: false);
        time.Pass(HeadPoll.HintGrace);

        Assert.Equal(HeadPoll.LookInterval - HeadPoll.HintGrace, await time.ArmedAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Poll_comes_at_the_interval_for_a_reader_or_a_hint_and_not_before_it(bool isHint)
    {
        var (headPoll, _) = Start();
        var due = await time.ArmedAsync();
        time.Pass(TimeSpan.FromMilliseconds(1)); // too early: it is set again
        Assert.Equal(due - TimeSpan.FromMilliseconds(1), await time.ArmedAsync());

        view = isHint ? view.Hinted(new EventId("other1", 5), hasEnded: false) : view with { IsAwaited = true };
        headPoll.Signal();

        Assert.Equal(Interval - TimeSpan.FromMilliseconds(1), await time.ArmedAsync());
        Assert.Equal(1, polls);
    }

    [Fact]
    public async Task Gap_in_the_change_feed_has_the_head_read_within_two_seconds()
    {
        var (headPoll, _) = Start();
        time.Pass(await time.ArmedAsync()); // so that the next look is a minute away
        await time.ArmedAsync();

        headPoll.LookSoon();
        var due = await time.ArmedAsync();
        time.Pass(due);
        await time.ArmedAsync();

        Assert.InRange(due, TimeSpan.Zero, HeadPoll.GapSpread);
        Assert.Equal(3, polls);
    }

    [Fact]
    public async Task Polling_goes_on_after_a_poll_that_failed()
    {
        poll = () => throw new EventLogUnavailableException("no", null);
        var (headPoll, _) = Start();

        await headPoll.FirstAnswer.WaitAsync(SseStream.Timeout);
        time.Pass(await time.ArmedAsync());
        var due = await time.ArmedAsync();

        Assert.Equal(2, failures);
        Assert.InRange(due, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    public void Dispose() => stop.Dispose();

    private static TopicHead Head(long last) => new("abc123", 1, last, Complete: false, "", default);

    /// <summary>Has a look find an event that no hint has announced so far.</summary>
    private async Task FindNewsAsync()
    {
        time.Pass(await time.ArmedAsync());
        await time.ArmedAsync();
        poll = () => Head(2);
        time.Pass(HeadPoll.LookInterval);
        Assert.Equal(HeadPoll.HintGrace, await time.ArmedAsync());
    }

    private (HeadPoll Poll, Task Running) Start()
    {
        var headPoll = new HeadPoll(ReadHeadAsync, () => view, OnFailed, Interval, time);
        return (headPoll, Task.Run(() => headPoll.RunAsync(stop.Token)));
    }

    private Task ReadHeadAsync()
    {
        polls++;
        var started = view = view.PollStarted();
        view = started.PollAnswered(started.PollsStarted, started.Writes, poll(), out _);
        return Task.CompletedTask;
    }

    private void OnFailed(Exception ex)
    {
        failures++;
        view = view.PollFailed();
    }
}
