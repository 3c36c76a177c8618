using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>What a client asks for.</summary>
/// <param name="Topics">The topics in the order of their names, which is the order of their ids in the cursor, and where to begin in each.</param>
/// <param name="IsPoll">End as soon as the client has all there is (the classic "retry: 1000" page).</param>
/// <param name="AccessLeft">How long the client's permission lasts; null when unbounded.</param>
/// <param name="KeepsHalfFrames">Whether the client reads a response as the rest of a frame in which its last one broke, as WebKit does.</param>
internal sealed record StreamRequest(IReadOnlyList<TopicStart> Topics, bool IsPoll = false, TimeSpan? AccessLeft = null, bool KeepsHalfFrames = false)
{
    /// <summary>Topics of one connection: so many ids and the dots between them fit in a Last-Event-ID, see <see cref="EventId.MaxSequence"/>.</summary>
    public const int MaxTopics = 8;

    /// <summary>Whether to wait for the first events, for a time (<see cref="StreamOptions.LongPoll"/>), and to end after them: for proxies that hold a response back until its end.</summary>
    public bool IsLongPoll { get; init; }

    /// <summary>Which events the client wants; null for all.</summary>
    public EventFilter? Filter { get; init; }

    /// <summary>Whether the client wants a stream only where a topic has begun and is not complete.</summary>
    public bool IsForActive { get; init; }

    /// <summary>Whether half a frame may be left at the client.</summary>
    public bool MayHaveHalfFrame => KeepsHalfFrames && Topics.Any(place => place.Start.LastEventId is not null || place.Start.IsUnknownId);

    /// <summary>How the stream starts, in a word.</summary>
    public string StartName => Topics[0].Start.Name;

    /// <summary>Why to end, with all there is; null to go on.</summary>
    /// <param name="isComplete">Whether no more will come.</param>
    /// <param name="hasWritten">Whether the client has got something.</param>
    /// <param name="isHeld">Whether the stream may stay.</param>
    public StreamEnd? EndCaughtUp(bool isComplete, bool hasWritten, bool isHeld) =>
        isComplete ? StreamEnd.TopicComplete
        : IsPoll || (IsLongPoll && hasWritten) ? StreamEnd.CaughtUp
        : isHeld ? null
        : StreamEnd.AtCapacity;

    public override string ToString() => string.Join(", ", Topics.Select(place => place.Topic));
}
