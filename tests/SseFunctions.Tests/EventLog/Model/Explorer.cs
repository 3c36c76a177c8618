namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Visits every state that any interleaving leads to, the nearest first, and checks each and every step to it.</summary>
internal sealed class Explorer(ModelOptions options)
{
    private readonly WriterModel writers = new(options);
    private readonly TrimmerModel trimmer = new(options);
    private readonly ReaderModel reader = new(options);

    private readonly Dictionary<State, int> numbers = [];
    private readonly List<State> states = [];
    private readonly List<int> parents = [];

    /// <summary>How many states there are.</summary>
    public int States => states.Count;

    /// <summary>How many steps lead from one to another.</summary>
    public long Steps { get; private set; }

    /// <summary>States in which all is done: every append answered, and nothing on its way.</summary>
    public int Ends { get; private set; }

    /// <summary>That no step does to the table what a reader's world does not hold: see <see cref="ModelOptions.AnyAppends"/>.</summary>
    private static string? Unforeseen(Step step, State before, State state) =>
        step.Actor is Actor.Trimmer || (state.First, state.Rows) == (before.First, before.Rows) || (state.First == before.First && state.Rows == (before.Rows | (1 << state.Last)) && state.Last == before.Last + 1)
            ? null
            : "an append does more to the table than to add the next event";

    /// <returns>The promise that is broken, and the shortest way there; null when none is.</returns>
    public string? Explore()
    {
        Visit(new State(), -1);
        for (var current = 0; current < states.Count; current++)
        {
            foreach (var move in Moves(states[current]))
            {
                Steps++;
                if ((move.Broken ?? Broken(states[current], move.State) ?? Unforeseen(move.Step, states[current], move.State)) is { } broken)
                    return $"{broken}:\n{string.Join('\n', [.. PathTo(current), move.Step])}";

                Visit(move.State, current);
            }

            if (states[current] is { A.At: WriterAt.Done, B.At: WriterAt.Done, IsAnythingLate: false })
                Ends++;
        }

        return null;
    }

    public IEnumerable<Move> Moves(State state) =>
    [
        .. options.AnyAppends > 0 ? AnyAppend(state) : [.. writers.Moves(state, 0), .. writers.Moves(state, 1), .. writers.Arrivals(state)],
        .. trimmer.Moves(state),
        .. reader.Moves(state),
    ];

    private IEnumerable<Move> AnyAppend(State state)
    {
        if (state.Last < options.AnyAppends)
            yield return new Move(new Step(Actor.Network, Does.Arrive), state.WithEvent(state.Last + 1, 0).WithNewETag());
    }

    /// <summary>What holds in every state: what the head retains is there, and neither of its ends goes back.</summary>
    private static string? Broken(State before, State state)
    {
        if (state.Last < before.Last || state.First < before.First)
            return $"promise 1: the head goes back from {before.First}..{before.Last} to {state.First}..{state.Last}";

        return state.RowsFrom(state.First, state.Last) == state.Last - state.First + 1 ? null
            : $"promise 1: of {state.First}..{state.Last} some rows are missing";
    }

    private State Reduced(State state) => options.IsReduced ? Canonical.Of(state, options.HasReader) : state;

    private void Visit(State state, int parent)
    {
        state = Reduced(state);
        if (!numbers.TryAdd(state, states.Count))
            return;

        states.Add(state);
        parents.Add(parent);
    }

    /// <summary>For every step there is, by who does what, what becomes of it, and where its actor goes from there: the shortest path that ends with it.</summary>
    public IReadOnlyList<IReadOnlyList<Step>> PathsToEachKindOfStep()
    {
        var paths = new Dictionary<(Step, WriterAt, WriterAt, TrimmerAt), IReadOnlyList<Step>>();
        for (var number = 0; number < states.Count; number++)
        {
            foreach (var (step, state, _) in Moves(states[number]))
            {
                var writer = state.Writer(step.Actor == Actor.WriterB ? 1 : 0).At;
                var before = states[number].Writer(step.Actor == Actor.WriterB ? 1 : 0).At;
                var kind = step.Actor switch
                {
                    Actor.WriterA or Actor.WriterB => (step, before, writer, default),
                    Actor.Trimmer => (step, default, default, state.Trimmer.At),
                    _ => (step with { Nonce = 0 }, WriterAt.Start, WriterAt.Start, TrimmerAt.ReadHead),
                };
                if (!paths.ContainsKey(kind))
                    paths[kind] = [.. PathTo(number), step];
            }
        }

        return [.. paths.Values];
    }

    private List<Step> PathTo(int number)
    {
        var steps = new List<Step>();
        for (; parents[number] >= 0; number = parents[number])
            steps.Add(Moves(states[parents[number]]).First(move => Reduced(move.State) == states[number]).Step);

        steps.Reverse();
        return steps;
    }
}
