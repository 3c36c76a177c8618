using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>The model is of this code: what it says of requests, rows and answers is what the real log and trimmer make of them.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    private static readonly int RandomPaths = Thoroughness.Choose(brief: 4, full: 60);
    private const int MaxPath = 200;

    /// <summary>Of 100 steps, how many may be anything; the others go on as if nothing went wrong, so that paths end.</summary>
    private const int AnyPercent = 40;

    /// <summary>All that there is without completion is there before it.</summary>
    private static readonly ModelOptions Options = new() { HasReader = false, Appends = 2, DeleteBatch = 100, Completing = Actor.WriterA };

    [Fact]
    public async Task Log_and_trimmer_do_as_the_model_on_the_shortest_path_to_every_kind_of_step()
    {
        var explorer = new Explorer(Options with { IsReduced = false });
        Assert.Null(explorer.Explore());
        var paths = explorer.PathsToEachKindOfStep();
        output.WriteLine($"{paths.Count} kinds of steps");
        Assert.InRange(paths.Count, 30, int.MaxValue);

        // In a brief run not those that are the way to another.
        foreach (var path in paths.Where(path => Thoroughness.IsFull || !paths.Any(other => other.Count > path.Count && other.Take(path.Count).SequenceEqual(path))))
            await ReplayAsync(Options, path, new Random(0), goesOnAtRandom: false);
    }

    [Fact]
    public async Task Log_and_trimmer_do_as_the_model_on_random_paths()
    {
        output.WriteLine(FuzzSeed.Hint);
        var random = new Random(FuzzSeed.Value);
        for (var i = 0; i < RandomPaths; i++)
            await ReplayAsync(Options with { Appends = 3, Completing = (Actor?[])[Actor.WriterA, Actor.WriterB, null] is var any ? any[i % any.Length] : null }, [], random, goesOnAtRandom: true);
    }

    private async Task ReplayAsync(ModelOptions options, IReadOnlyList<Step> path, Random random, bool goesOnAtRandom)
    {
        await using var replay = await Replay.StartAsync(options);
        var taken = new List<Step>();
        try
        {
            foreach (var step in path)
                await StepAsync(step);

            while (taken.Count < MaxPath && Next(replay, random, goesOnAtRandom) is { } step)
                await StepAsync(step);

            await replay.CheckAsync();
        }
        catch
        {
            output.WriteLine(string.Join('\n', taken));
            throw;
        }

        Task StepAsync(Step step)
        {
            taken.Add(step);
            return replay.StepAsync(step);
        }
    }

    /// <returns>Null when the writers are done, or there is nothing to do.</returns>
    private static Step? Next(Replay replay, Random random, bool isAny)
    {
        if (replay.State is { A.At: WriterAt.Done, B.At: WriterAt.Done, IsAnythingLate: false })
            return null;

        var steps = replay.Steps;
        if (!isAny || random.Next(100) >= AnyPercent)
            steps = [.. steps.Where(step => step is { Fate: Fate.Answered, Does: not Does.Crash } && (isAny || step.Actor != Actor.Trimmer))];

        return steps.Count == 0 ? null : steps[random.Next(steps.Count)];
    }
}
