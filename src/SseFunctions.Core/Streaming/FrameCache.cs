using System.Diagnostics.CodeAnalysis;

namespace SseFunctions.Streaming;

/// <summary>
/// The frames that this process keeps in memory, in segments of up to <see cref="SegmentEvents"/> events that begin at
/// fixed sequences; beyond its capacity it lets go of the segments that were read longest ago.
/// </summary>
/// <param name="capacity">Bytes (Stream__CacheBytes).</param>
internal sealed class FrameCache(long capacity)
{
    /// <summary>How many events share a segment; at 200 bytes an event, about 60 KiB.</summary>
    public const int SegmentEvents = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<(object Owner, long Block), LinkedListNode<FrameSegment>> segments = [];
    private readonly LinkedList<FrameSegment> byLastUse = new();

    /// <summary>Bytes held.</summary>
    public long Size { get; private set; }

    public static long BlockOf(long sequence) => (sequence - 1) / SegmentEvents;

    public static long FirstOf(long block) => (block * SegmentEvents) + 1;

    /// <summary>Finds the frames from one sequence to the end of its segment.</summary>
    public bool TryRead(object owner, long sequence, out FrameSlice slice)
    {
        lock (gate)
        {
            if (TryFind(owner, BlockOf(sequence), out var node) && node.Value.First <= sequence && sequence <= node.Value.Last)
            {
                byLastUse.Remove(node);
                byLastUse.AddLast(node);
                slice = new FrameSlice(node.Value.From(sequence), node.Value.Last, node.Value.NewestTime);
                return true;
            }

            slice = default;
            return false;
        }
    }

    /// <summary>Which sequences of a block are held.</summary>
    public (long First, long Last)? Held(object owner, long block)
    {
        lock (gate)
            return TryFind(owner, block, out var node) ? (node.Value.First, node.Value.Last) : null;
    }

    /// <summary>Takes in a run that lies within one block, joining it to what is held of that block.</summary>
    public void Put(object owner, FrameRun run)
    {
        lock (gate)
        {
            var block = BlockOf(run.First);
            if (!TryFind(owner, block, out var node))
            {
                Add(block, new FrameSegment(owner, run));
            }
            else if (run.First >= node.Value.First && run.First <= node.Value.Last + 1)
            {
                Size -= node.Value.Size;
                node.Value.Append(run);
                Size += node.Value.Size;
            }
            else
            {
                var joined = new FrameSegment(owner, run);
                if (run.First < node.Value.First && node.Value.First <= run.Last + 1)
                    joined.Append(node.Value.ToRun());

                Remove(node);
                Add(block, joined);
            }

            // The newest stays, whatever its size: somebody is about to read it.
            while (Size > capacity && byLastUse.First is { } oldest && oldest != byLastUse.Last)
                Remove(oldest);
        }
    }

    /// <summary>Lets go of all that an owner holds.</summary>
    public void Drop(object owner)
    {
        lock (gate)
        {
            foreach (var node in segments.Where(entry => entry.Key.Owner == owner).Select(entry => entry.Value).ToList())
                Remove(node);
        }
    }

    private bool TryFind(object owner, long block, [NotNullWhen(true)] out LinkedListNode<FrameSegment>? node) =>
        segments.TryGetValue((owner, block), out node);

    private void Add(long block, FrameSegment segment)
    {
        segments[(segment.Owner, block)] = byLastUse.AddLast(segment);
        Size += segment.Size;
    }

    private void Remove(LinkedListNode<FrameSegment> node)
    {
        segments.Remove((node.Value.Owner, BlockOf(node.Value.First)));
        byLastUse.Remove(node);
        Size -= node.Value.Size;
    }
}
