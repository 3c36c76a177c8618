using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Promises 1, 3 and 9 in every state that a publisher, its hints and a process that reads them can come into.</summary>
public sealed class HintModelTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_event_is_found_and_without_a_look_as_long_as_its_publisher_lives()
    {
        var (broken, states) = new HintModel(HintMistake.None, maxEvents: Thoroughness.Choose(brief: 3, full: 4)).Explore();

        output.WriteLine($"{states} states");
        Assert.Null(broken);
        Assert.InRange(states, 1_000, int.MaxValue);
    }

    [Theory]
    [InlineData(HintMistake.HintBeforeCommit, "promise 9: an event waits for a look though its publisher lives")]
    [InlineData(HintMistake.HintAdoptedWithoutRows, "promise 1: event 2 is known and was never committed")]
    [InlineData(HintMistake.MissingTakenForExpired, "promise 3: events count as expired that are there")]
    [InlineData(HintMistake.GapUnnoticed, "promise 9: an event waits for a look though its publisher lives")]
    [InlineData(HintMistake.NoLook, "promise 9: an event is never found")]
    internal void Broken_promise_is_found_when_the_change_feed_makes_a_mistake(HintMistake mistake, string broken)
    {
        var (found, states) = new HintModel(mistake, maxEvents: 3).Explore();

        output.WriteLine($"After {states} states: {found}");
        Assert.StartsWith(broken, found, StringComparison.Ordinal);
    }
}
