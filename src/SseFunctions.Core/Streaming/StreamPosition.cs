using System.Buffers;
using System.Text;

namespace SseFunctions.Streaming;

/// <summary>A stream's places in all its topics, which its ids tell of together.</summary>
/// <param name="readers">One or more, in the order of the topics' names.</param>
internal sealed class StreamPosition(TopicReader[] readers) : IDisposable
{
    /// <summary>Whose turn it is to be read first.</summary>
    private int turn;

    /// <summary>The only one; null when there are several.</summary>
    public TopicReader? Only { get; } = readers.Length == 1 ? readers[0] : null;

    /// <summary>Where the stream is in all its topics.</summary>
    public string Id => StreamCursor.Join(readers.Select(reader => reader.Cursor.GetValueOrDefault()));

    /// <summary>Completes when the table has answered, or failed to, for the first time for each.</summary>
    public Task FirstAnswers => Task.WhenAll(readers.Select(reader => reader.FirstAnswer));

    /// <summary>Whether all topics are complete, and the client brought their last ids.</summary>
    public bool IsFullyRead => Array.TrueForAll(readers, reader => reader.IsFullyRead);

    /// <summary>Whether the client's last event ID says as much as <see cref="Id"/>.</summary>
    public bool IsTold => Array.TrueForAll(readers, reader => reader.IsTold);

    /// <summary>Whether the client is still to be told that one of its ids is none of ours.</summary>
    public bool HasUnknown => Array.Exists(readers, reader => reader.IsUnknown);

    public void SetTold()
    {
        foreach (var reader in readers)
            reader.IsTold = true;
    }

    /// <summary>What to do next, for any of the topics in turn: nothing while it is not known where to begin in one of them, since an id tells of all.</summary>
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
        for (var i = 0; i < readers.Length; i++)
        {
            var reader = readers[(turn + i) % readers.Length];
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

    /// <summary>Writes a topic's frames under ids that tell of all; the other topics stand where they are.</summary>
    public void Relabel(IBufferWriter<byte> output, TopicReader of, FrameSlice slice)
    {
        // What stands around the topic's own id is the same for the whole slice.
        var index = Array.IndexOf(readers, of);
        var before = string.Concat(readers[..index].Select(other => $"{other.Cursor}{StreamCursor.Separator}"));
        var behind = string.Concat(readers[(index + 1)..].Select(other => $"{StreamCursor.Separator}{other.Cursor}"));
        SseFrame.Relabel(output, slice.Bytes.Span, Encoding.ASCII.GetBytes(before), Encoding.ASCII.GetBytes(behind));
    }

    public void Dispose()
    {
        foreach (var reader in readers)
            reader.Dispose();
    }
}
