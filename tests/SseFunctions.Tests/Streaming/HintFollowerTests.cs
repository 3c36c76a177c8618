using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public class HintFollowerTests
{
    /// <summary>It has looked for the last time, and does not yet count as ended: nobody else begins for that hint.</summary>
    [Fact]
    public async Task Hint_is_followed_that_comes_while_the_one_before_it_comes_to_its_end()
    {
        var head = new TopicHead("abc123", First: 1, Last: 1, Complete: false, "", default);
        var started = TopicView.Unknown.PollStarted();
        var view = started.PollAnswered(started.PollsStarted, started.Writes, head, out _).Hinted(Id(2), hasEnded: false);
        var (reads, followed) = (0, new TaskCompletionSource());
        HintFollower? hints = null;
        hints = new HintFollower(View, ReadAsync, _ => { }, () => { });

        hints.Signal();

        await followed.Task.WaitAsync(SseStream.Timeout);

        TopicView View()
        {
            var seen = view;
            if (reads == 1 && seen.HintedRows is null && seen.Hint == Id(2))
            {
                view = seen.Hinted(Id(3), hasEnded: false);
                hints!.Signal();
            }

            return seen;
        }

        Task ReadAsync(TopicView known)
        {
            reads++;
            view = view.Proved(Id(known.HintedRows!.Value), out _);
            if (reads == 2)
                followed.SetResult();

            return Task.CompletedTask;
        }
    }

    private static SseFunctions.EventLog.EventId Id(long sequence) => new("abc123", sequence);
}
