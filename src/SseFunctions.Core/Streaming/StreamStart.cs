using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Where a stream begins: right after an id that the client brings, or at a place in the retained events.</summary>
internal sealed record StreamStart
{
    public static readonly StreamStart Now = new() { Newest = 0 };
    public static readonly StreamStart Oldest = new();

    /// <summary>The client brought an id that this server did not issue: from the oldest event, after a report of that.</summary>
    public static readonly StreamStart UnknownId = new() { IsUnknownId = true };

    private StreamStart()
    {
    }

    /// <summary>The id that the client brings.</summary>
    public EventId? LastEventId { get; private init; }

    public bool IsUnknownId { get; private init; }

    /// <summary>How many of the newest events to begin with; null for all.</summary>
    public long? Newest { get; private init; }

    /// <summary>The time to begin at; null for another start.</summary>
    public Since? Since { get; private init; }

    /// <summary>The event before which <see cref="Newest"/> counts; null for the end of the log, which is also where an event of another log stands.</summary>
    public EventId? Before { get; private init; }

    /// <summary>How the stream starts, in a word.</summary>
    public string Name => this switch
    {
        { LastEventId: not null } => "resumed",
        { IsUnknownId: true } => "unknown",
        { Since: not null } => "since",
        { Newest: 0 } => "now",
        { Newest: null } => "oldest",
        _ => "newest",
    };

    public static StreamStart After(EventId id) => new() { LastEventId = id };

    public static StreamStart At(Since since) => new() { Since = since };

    /// <summary>So many events before another.</summary>
    public static StreamStart LastBefore(EventId? before, long count) => new() { Before = before, Newest = count };

    public static StreamStart Last(long count) => new() { Newest = count };
}
