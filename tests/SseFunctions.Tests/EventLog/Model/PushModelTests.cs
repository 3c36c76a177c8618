using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Promises 3 and 9 in every state that commits, hints, polls, loads, rounds of the push loop and the streams can bring a feed into.</summary>
public sealed class PushModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Every_event_reaches_every_stream_whatever_comes_in_between(bool hasB, bool hasOtherLog)
    {
        var maxEvents = hasOtherLog ? 2 : Thoroughness.Choose(brief: 2, full: 3);
        var (broken, states) = new PushModel(PushMistake.None, maxEvents, hasB, hasOtherLog).Explore();

        output.WriteLine($"{states} states. {broken}");
        Assert.Null(broken);
        Assert.InRange(states, 1_000, int.MaxValue);
    }

    [SkippableTheory]
    [InlineData(PushMistake.PushedAfterRound, 2, false, true, "promise 9")]
    [InlineData(PushMistake.PushedOfOldLog, 2, false, true, "promise 9")]
    [InlineData(PushMistake.LockedReaderForgotten, 2, false, true, "promise 9")]
    [InlineData(PushMistake.OtherCursorForgotten, 3, true, false, "promise 9")]
    [InlineData(PushMistake.SignalClearedByRound, 3, true, false, "promise 9")]
    [InlineData(PushMistake.WakeClearedByWait, 2, false, true, "promise 9")]
    [InlineData(PushMistake.TicketUnheeded, 2, true, false, "promise 3")]
    internal void Broken_promise_is_found_when_the_feed_makes_a_mistake(PushMistake mistake, int maxEvents, bool hasB, bool hasOtherLog, string broken)
    {
        Skip.If((maxEvents > 2 || mistake == PushMistake.PushedOfOldLog) && !Thoroughness.IsFull, Thoroughness.LongOnlyInFull); // the dearest to find
        var (found, states) = new PushModel(mistake, maxEvents, hasB, hasOtherLog).Explore();

        output.WriteLine($"After {states} states: {found}");
        Assert.StartsWith(broken, found, StringComparison.Ordinal);
    }
}
