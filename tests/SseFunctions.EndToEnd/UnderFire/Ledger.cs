using System.Collections.Concurrent;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>
/// What the topics hold, as publishers were answered and readers have seen. Every publication is repeated with its key until it is
/// answered, so at the end the answers are all that was committed.
/// </summary>
internal sealed class Ledger(Findings findings)
{
    private readonly ConcurrentDictionary<(string Topic, PublishedId Id), string> names = [];
    private readonly ConcurrentDictionary<string, PublishedId> starts = [];
    private readonly ConcurrentDictionary<string, ConcurrentQueue<PublishedId>> acknowledged = [];

    /// <summary>Whether the topics have been completed, or are about to be: from then on a reader may get 204.</summary>
    public bool IsCompleting { get; set; }

    /// <summary>Begins a topic, after its last event.</summary>
    public void Begin(string topic, PublishedId last) => (starts[topic], acknowledged[topic]) = (last, []);

    public PublishedId Start(string topic) => starts[topic];

    /// <summary>How many events of the topic are acknowledged.</summary>
    public int Count(string topic) => acknowledged[topic].Count;

    /// <summary>The last event of a topic, when nothing is published any more.</summary>
    public PublishedId Last(string topic) => starts[topic] with { Sequence = starts[topic].Sequence + Count(topic) };

    /// <summary>A publisher gets the id of its event.</summary>
    public void Acknowledge(string topic, PublishedId id, string name)
    {
        Saw(topic, id, name, "a publisher");
        acknowledged[topic].Enqueue(id);
    }

    /// <summary>Someone sees an event: all must see the same under one id.</summary>
    public void Saw(string topic, PublishedId id, string name, string who)
    {
        var first = names.GetOrAdd((topic, id), name);
        if (first != name)
            findings.Break($"Promise 1: {topic} {id} is '{name}' to {who} and was '{first}' to another.");
    }

    /// <summary>Checks, when all publications are answered, that ids have no hole and no event stands twice, and that nobody has seen another.</summary>
    public void Check()
    {
        foreach (var (topic, start) in starts)
        {
            var sequences = acknowledged[topic].Select(id => id.Sequence).Order().ToList();
            if (!sequences.SequenceEqual(Enumerable.Range(1, sequences.Count).Select(i => start.Sequence + i)))
                findings.Break($"Promises 1 and 2: the {sequences.Count} events acknowledged in {topic} are no unbroken sequence from {start}: {Odd(start.Sequence, sequences)}.");
        }

        foreach (var ((topic, id), name) in names.Where(seen => seen.Key.Id.Epoch != starts[seen.Key.Topic].Epoch || seen.Key.Id.Sequence > Last(seen.Key.Topic).Sequence))
            findings.Break($"Promise 2: {topic} {id} '{name}' was seen, and is none of the events acknowledged, which end with {Last(topic)}.");

        foreach (var twice in names.GroupBy(seen => (seen.Key.Topic, seen.Value)).Where(seen => seen.Count() > 1))
            findings.Break($"Promise 2: {twice.Key} was seen as {string.Join(" and ", twice.Select(seen => seen.Key.Id))}.");
    }

    private static string Odd(long start, List<long> sequences)
    {
        var i = sequences.FindIndex(0, sequence => sequence != ++start);
        return $"{sequences[i]} stands where {start} should";
    }
}
