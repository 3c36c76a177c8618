using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>
/// Where a reader is in each of its topics. It takes frame after frame, and checks that each event is the next of its topic, or
/// that a reset has accounted for exactly those between.
/// </summary>
internal sealed class ReaderCursor(string reader, ReaderPlan plan, Ledger ledger, Findings findings)
{
    private const string ResetType = "sse.reset";

    private PublishedId[] ids = [.. plan.Topics.Select(topic => ledger.Start(topic.Name))];

    /// <summary>What it brings when it reconnects: all ids, as the stream writes them.</summary>
    public string Id => string.Join<PublishedId>('.', ids);

    /// <summary>Whether it has all that was published.</summary>
    public bool IsAtEnd => plan.Topics.Zip(ids).All(place => place.Second == ledger.Last(place.First.Name));

    /// <summary>How far it is behind what was acknowledged, in the topic where that is most.</summary>
    public long Behind => plan.Topics.Zip(ids, (topic, id) => ledger.Last(topic.Name).Sequence - id.Sequence).Max();

    /// <returns>Whether the frame was an event.</returns>
    public bool Take(string frame)
    {
        var message = SseMessage.Parse(frame);
        var id = frame.Split('\n').LastOrDefault(line => line.StartsWith("id: ", StringComparison.Ordinal))?[4..];
        if (id is null)
        {
            if (message is not null)
                findings.Break($"{reader} at {Id} got an event without an id: {Short(frame)}");

            return false;
        }

        var next = id.Split('.').Select(PublishedId.Parse).ToArray();
        if (next.Length != ids.Length)
            findings.Break($"{reader} at {Id} got an id of other topics: {Short(frame)}");
        else if (message is null)
            Require(next.SequenceEqual(ids), "an id that skips events", frame);
        else if (message.Type == ResetType)
            TakeReset(next, JsonSerializer.Deserialize<Reset>(message.Data, JsonSerializerOptions.Web)!, frame);
        else
            TakeEvent(next, message, frame);

        ids = next;
        return message is not null && message.Type != ResetType;
    }

    private void TakeEvent(PublishedId[] next, SseMessage message, string frame)
    {
        var moved = Enumerable.Range(0, ids.Length).Where(i => next[i] != ids[i]).ToList();
        if (!Require(moved.Count == 1 && next[moved[0]] == ids[moved[0]] with { Sequence = ids[moved[0]].Sequence + 1 }, "what is not the next event of one topic", frame))
            return;

        var topic = plan.Topics[moved[0]];
        if (Publication.NameOf(message.Data, topic.FillingBytes) is { } name)
            ledger.Saw(topic.Name, next[moved[0]], name, reader);
        else
            findings.Break($"{reader} at {Id} got data that was not published: {Short(frame)}");
    }

    /// <summary>Ids have no holes, so what lies between the old id and the new is what was lost.</summary>
    private void TakeReset(PublishedId[] next, Reset reset, string frame)
    {
        var index = plan.Topics.ToList().FindIndex(topic => topic.Name == reset.Topic);
        var resumeFrom = PublishedId.Parse(reset.ResumeFrom);
        var lost = reset.Lost.GetValueOrDefault();
        if (!Require(index >= 0 && reset.Reason == "expired" && lost > 0, "a reset that nothing calls for", frame))
            return;

        Require(resumeFrom == ids[index] with { Sequence = ids[index].Sequence + lost }, "a reset that does not add up", frame);
        // Retention takes no more than that; what is published now may not be acknowledged yet.
        var newest = ledger.Last(reset.Topic).Sequence + plan.Topics[index].RoundEvents;
        Require(resumeFrom.Sequence <= newest - Deployment.RetainedEvents, "a reset over events that are retained", frame);
        Require(next.SequenceEqual(ids.Select((id, i) => i == index ? resumeFrom : id)), "a reset whose id is not where it resumes", frame);
        findings.Count("resets");
        findings.Count("events lost to retention", lost);
    }

    private bool Require(bool holds, string otherwise, string frame)
    {
        if (!holds)
            findings.Break($"{reader} at {Id} got {otherwise}: {Short(frame)}");

        return holds;
    }

    private static string Short(string frame) => frame.Length > 300 ? frame[..300] + " ..." : frame;

    private sealed record Reset(string Topic, string Reason, long? Lost, string ResumeFrom);
}
