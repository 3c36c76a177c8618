using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>One topic, two publishers, their pages of the change feed, and a process that reads them.</summary>
/// <param name="Last">The topic's last committed event.</param>
/// <param name="HasEnded">Whether the topic is complete.</param>
/// <param name="IsCommitted">Whether A's last hint has its commit; false only between the two of a mistaken protocol.</param>
/// <param name="IsHintLost">Whether a publisher has died before a hint.</param>
/// <param name="A">A publisher.</param>
/// <param name="B">Another one.</param>
/// <param name="HasGap">Whether the reader has noticed that it missed hints, and not looked again since.</param>
/// <param name="View">What its feed knows: the feed's own class.</param>
/// <param name="Poll">A read of the head under way: what the table had, or <see cref="NotAsked"/>.</param>
/// <param name="PollWrites">TopicView.Writes when it began.</param>
/// <param name="Load">A read of rows under way: what the table had last, or -1 before it was asked.</param>
/// <param name="From">The event before its first row; null when there is no such read.</param>
/// <param name="To">Its last row.</param>
internal sealed record Hints(
    int Last, bool HasEnded, bool IsCommitted, bool IsHintLost, HintingWriter A, HintingWriter B, bool HasGap, TopicView View, Announcement? Poll, long PollWrites, int Load, int? From, int To)
{
    public static readonly Announcement NotAsked = new(-1, false);

    public static readonly Hints Start = new(0, false, true, false, new(false, null, null, null), new(false, null, null, null), false, TopicView.Unknown, null, 0, -1, null, 0);

    public bool IsHintUnderWay => A is not { ToHint: null, Unread: null, Late: null } || B is not { ToHint: null, Unread: null, Late: null };

    public HintingWriter Writer(bool isB) => isB ? B : A;

    public Hints With(bool isB, HintingWriter writer) => isB ? this with { B = writer } : this with { A = writer };
}

/// <summary>A publisher.</summary>
/// <param name="IsDead">Whether it has died.</param>
/// <param name="ToHint">What it has committed and not announced; null for nothing.</param>
/// <param name="Unread">What its page says and the reader has not read; null for nothing.</param>
/// <param name="Late">What a flush says that got no answer and may still arrive; null for none.</param>
internal sealed record HintingWriter(bool IsDead, Announcement? ToHint, Announcement? Unread, Announcement? Late);

/// <summary>What is said of the topic.</summary>
/// <param name="Last">Its last event.</param>
/// <param name="HasEnded">Whether it is complete.</param>
internal readonly record struct Announcement(int Last, bool HasEnded);
