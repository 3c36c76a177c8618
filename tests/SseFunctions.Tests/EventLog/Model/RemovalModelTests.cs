using Xunit.Abstractions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Promise 10 in every state that two writers and a removal can bring a topic's head and its entry in the list into.</summary>
public sealed class RemovalModelTests(ITestOutputHelper output)
{
    [Fact]
    public void A_log_is_always_in_the_list_and_only_unused_topics_are_removed()
    {
        var (broken, states) = new RemovalModel(RemovalMistake.None).Explore();

        output.WriteLine($"{states.Count} states");
        Assert.Null(broken);
        Assert.InRange(states.Count, 500, int.MaxValue);
        // And in the end nothing is left.
        Assert.Contains(states, state => state is { HasHead: false, HasEntry: false, A: RegisteringAt.Done, B: RegisteringAt.Done, Late: 0 } && state != default);
    }

    [Theory]
    [InlineData(RemovalMistake.EntryWithoutETag, "promise 10: a log is not in the list")]
    [InlineData(RemovalMistake.EntryWithoutGrace, "promise 10: a log is not in the list")]
    [InlineData(RemovalMistake.HeadWithoutETag, "promise 10: the log of a topic in use is removed")]
    [InlineData(RemovalMistake.HeadBeforeEntry, "promise 10: a log is not in the list")]
    internal void Broken_promise_is_found_when_the_removal_makes_a_mistake(RemovalMistake mistake, string broken)
    {
        var (found, states) = new RemovalModel(mistake).Explore();

        output.WriteLine($"After {states.Count} states: {found}");
        Assert.StartsWith(broken, found, StringComparison.Ordinal);
    }
}
