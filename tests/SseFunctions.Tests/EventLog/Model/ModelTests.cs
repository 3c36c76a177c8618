using System.Diagnostics;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Promises 1 to 3 in every state that two writers, a trimmer and a reader can bring the table into.</summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    /// <summary>Whatever the writers do, they do to the table what the readers below meet: they append the next event, or rewrite the head.</summary>
    [Fact]
    public void Promises_hold_in_every_state_of_two_writers_and_a_trimmer() =>
        Explore(
            new ModelOptions { HasReader = false, Appends = Thoroughness.Choose(brief: 2, full: 3) },
            minStates: Thoroughness.Choose(brief: 68_000, full: 710_000));

    /// <summary>The last event and the end of the topic come or fail together, under whatever becomes of their transaction.</summary>
    [Theory]
    [InlineData(Actor.WriterA)]
    [InlineData(Actor.WriterB)]
    internal void Promises_hold_in_every_state_when_a_writers_last_append_completes_the_topic(Actor completing) =>
        Explore(
            new ModelOptions { HasReader = false, Appends = Thoroughness.Choose(brief: 2, full: 3), Completing = completing },
            minStates: Thoroughness.Choose(brief: 30_000, full: 300_000));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Promises_hold_in_every_state_of_a_reader_and_a_trimmer_when_six_events_are_appended_at_any_time(int pageRows) =>
        Explore(new ModelOptions { AnyAppends = 6, PageRows = pageRows }, minStates: 40_000);

    /// <summary>All at once, as far as that can be visited in seconds. In every run the writers and the readers have the trimmer each by themselves, above.</summary>
    [SkippableFact]
    public void Promises_hold_in_every_state_of_two_writers_with_one_append_each_a_trimmer_and_a_reader()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        Explore(new ModelOptions { Appends = 1, MaxEvents = 1 }, minStates: 5_000);
    }

    /// <summary>A checker that finds nothing wrong with these would find nothing wrong with anything.</summary>
    [Theory]
    [InlineData(Mistake.BlindRetry, "promise 2: one append stands twice")]
    [InlineData(Mistake.ConflictEndsDoubt, "promise 2: one append stands twice")]
    [InlineData(Mistake.CompleteIgnored, "promise 2: 3 stands after the end of the topic")]
    [InlineData(Mistake.NoETag, "promise 1: 1 is committed after 3")]
    [InlineData(Mistake.IdBeforeCommit, "promise 1: of 1..1 some rows are missing")]
    [InlineData(Mistake.DeleteBeforeFirst, "promise 1: of 1..3 some rows are missing")]
    [InlineData(Mistake.KeysBeforeEvents, "promise 2: an append that was repeated under its key, and is retained, stands again")]
    [InlineData(Mistake.MissingRowsUnseen, "promise 3: 1 to 1 are skipped and nobody says so")]
    [InlineData(Mistake.SilentGap, "promise 3: 1 to 1 are skipped and nobody says so")]
    [InlineData(Mistake.HoleKept, "promise 1: 5 is given out as 4")]
    internal void Broken_promise_is_found_when_the_protocol_makes_a_mistake(Mistake mistake, string broken)
    {
        var isReaders = mistake is Mistake.MissingRowsUnseen or Mistake.SilentGap or Mistake.HoleKept;
        var explorer = new Explorer(new ModelOptions { Mistake = mistake, Appends = 2, Completing = mistake == Mistake.CompleteIgnored ? Actor.WriterA : null, HasReader = isReaders, AnyAppends = isReaders ? 6 : 0 });

        var found = explorer.Explore();

        output.WriteLine($"After {explorer.States} states: {found}");
        Assert.StartsWith(broken, found, StringComparison.Ordinal);
    }

    private void Explore(ModelOptions options, int minStates)
    {
        var watch = Stopwatch.StartNew();
        var explorer = new Explorer(options);
        var broken = explorer.Explore();
        output.WriteLine($"{explorer.States} states, {explorer.Steps} steps, {explorer.Ends} ends in {watch.Elapsed.TotalSeconds:f1} s");
        Assert.Null(broken);
        Assert.InRange(explorer.States, minStates, int.MaxValue);
    }
}
