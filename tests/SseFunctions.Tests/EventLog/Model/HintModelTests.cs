using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Promises 1, 3 and 9 in every state that two publishers, their hints and a process that reads them can come into.</summary>
public sealed class HintModelTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_event_and_the_end_are_found_and_without_a_look_as_long_as_their_publishers_live()
    {
        var (broken, states) = new HintModel(HintMistake.None, maxEvents: 2, isBLate: Thoroughness.IsFull).Explore();

        output.WriteLine($"{states} states");
        Assert.Null(broken);
        Assert.InRange(states, 1_000, int.MaxValue);
    }

    [Theory]
    [InlineData(HintMistake.HintBeforeCommit, "promise 9: an event waits for a look though its publisher lives")]
    [InlineData(HintMistake.HintAdoptedWithoutRows, "promise 1: event 2 is known and was never committed")]
    [InlineData(HintMistake.MissingTakenForExpired, "promise 3: events count as expired that are there")]
    [InlineData(HintMistake.SharedPage, "promise 9: an event waits for a look though its publisher lives")]
    [InlineData(HintMistake.SamePageAgain, "promise 9: an event waits for a look though its publisher lives")]
    [InlineData(HintMistake.EndUnheeded, "promise 9: an event waits for a look though its publisher lives")]
    [InlineData(HintMistake.GapUnnoticed, "promise 9: an event waits for a look though its publisher lives")]
    [InlineData(HintMistake.NoLook, "promise 9: an event is never found")]
    internal void Broken_promise_is_found_when_the_change_feed_makes_a_mistake(HintMistake mistake, string broken)
    {
        var (found, states) = new HintModel(mistake, maxEvents: 2, isBLate: false).Explore();

        output.WriteLine($"After {states} states: {found}");
        Assert.StartsWith(broken, found, StringComparison.Ordinal);
    }
}
