using System.Text;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>A stream's places in all its topics, which its ids name together.</summary>
internal sealed class StreamPosition : IDisposable
{
    private readonly List<TopicReader> readers;

    /// <summary>Whose turn it is to be read first.</summary>
    private int turn;

    /// <summary>Joins the feeds of all topics, or of none.</summary>
    /// <param name="topics">One or more, in the order of their names.</param>
    /// <param name="join">Makes a topic's reader.</param>
    public StreamPosition(IReadOnlyList<TopicStart> topics, Func<TopicStart, TopicReader> join)
    {
        readers = new(topics.Count);
        try
        {
            foreach (var topic in topics)
                readers.Add(join(topic));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The only reader; null when there are several.</summary>
    public TopicReader? Only => readers is [var only] ? only : null;

    /// <summary>Where the stream is in all its topics.</summary>
    public string Id => StreamCursor.Join(readers.Select(reader => reader.Cursor.GetValueOrDefault()));

    /// <summary>Waits until the table has answered, or failed to, for the first time for each; not for longer than given.</summary>
    public async Task WaitForFirstAnswersAsync(TimeSpan max, TimeProvider time, CancellationToken clientLeft, CancellationToken hostStopping)
    {
        var answers = Task.WhenAll(readers.Select(reader => reader.FirstAnswer));
        if (answers.IsCompleted)
            return;

        using var waited = CancellationTokenSource.CreateLinkedTokenSource(clientLeft, hostStopping);
        await Task.WhenAny(answers, Task.Delay(max, time, waited.Token));
        await waited.CancelAsync();
    }

    /// <summary>Whether all topics are complete, and the client brought their last ids.</summary>
    public bool IsFullyRead => readers.TrueForAll(reader => reader.IsFullyRead);

    /// <summary>Whether the client's last event ID says as much as <see cref="Id"/>.</summary>
    public bool ClientKnowsCursor => readers.TrueForAll(reader => reader.ClientKnowsCursor);

    /// <summary>Whether one of the client's ids was not issued by this server, and this is still to be reported.</summary>
    public bool HasUnknown => readers.Exists(reader => reader.IsUnknown);

    /// <summary>Whether the client brought ids of this server.</summary>
    public bool HasBroughtIds => readers.TrueForAll(reader => reader.HasBroughtId);

    /// <summary>Whether it is known where the stream is in all its topics, and the client's ids were all issued by this server.</summary>
    public bool IsKnown => readers.TrueForAll(reader => reader is { Cursor: not null, IsUnknown: false });

    /// <summary>Whether any of the topics goes on.</summary>
    /// <returns>Complete when none does; Waiting while that is not known.</returns>
    public FeedReadKind ReadActive()
    {
        var kinds = readers.Select(reader => reader.ReadActive()).ToList();
        return kinds.TrueForAll(kind => kind == FeedReadKind.Complete) ? FeedReadKind.Complete
            : kinds.TrueForAll(kind => kind is FeedReadKind.Complete or FeedReadKind.Waiting) ? FeedReadKind.Waiting
            : FeedReadKind.CaughtUp;
    }

    public void MarkCursorSent() => readers.ForEach(reader => reader.MarkCursorSent());

    /// <summary>What to do next, for any of the topics in turn: nothing while it is not known where to begin in one of them, since an id names all.</summary>
    /// <param name="isLive">Whether the stream stays, and so may leave to the push loop what has only just come.</param>
    /// <param name="of">The reader that has frames or a gap.</param>
    public FeedRead Next(bool isLive, out TopicReader? of)
    {
        of = null;
        foreach (var reader in readers)
        {
            if (!reader.TryResolve(out var unresolved))
                return unresolved;
        }

        var (isWaiting, isComplete) = (false, true);
        for (var i = 0; i < readers.Count; i++)
        {
            var reader = readers[(turn + i) % readers.Count];
            var read = reader.Read(isLive);
            switch (read.Kind)
            {
                case FeedReadKind.Frames or FeedReadKind.Gap or FeedReadKind.StorageUnavailable:
                    (of, turn) = (reader, turn + i + 1);
                    return read;
                case FeedReadKind.NotLoaded:
                    reader.Load();
                    isWaiting = true;
                    break;
                case FeedReadKind.CaughtUp or FeedReadKind.Complete:
                    reader.MoveTo(read.Cursor);
                    isComplete &= read.Kind == FeedReadKind.Complete;
                    break;
                default:
                    isWaiting = true;
                    break;
            }
        }

        return new(isWaiting ? FeedReadKind.Waiting : isComplete ? FeedReadKind.Complete : FeedReadKind.CaughtUp, default);
    }

    /// <summary>What stands before and after a topic's own id in the ids of the stream, while the other topics stand where they are.</summary>
    public (byte[] Before, byte[] After) AroundId(TopicReader of)
    {
        var index = readers.IndexOf(of);
        var before = string.Concat(readers[..index].Select(other => $"{other.Cursor}{StreamCursor.Separator}"));
        var after = string.Concat(readers[(index + 1)..].Select(other => $"{StreamCursor.Separator}{other.Cursor}"));
        return (Encoding.ASCII.GetBytes(before), Encoding.ASCII.GetBytes(after));
    }

    public void Dispose() => readers.ForEach(reader => reader.Dispose());
}
