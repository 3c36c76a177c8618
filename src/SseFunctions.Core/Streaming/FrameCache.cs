using System.Diagnostics.CodeAnalysis;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// The frames that this process keeps in memory, in blocks of up to <see cref="BlockEvents"/> events that begin at fixed
/// sequences; beyond its capacity it lets go of the blocks that were read longest ago.
/// </summary>
/// <param name="capacity">Bytes (Stream__CacheBytes).</param>
internal sealed class FrameCache(long capacity)
{
    /// <summary>How many events share a block: a request to the table reads four; at 200 bytes an event, 60 KiB, and at 64 KiB 16 MiB.</summary>
    public const int BlockEvents = TableEventLog.PageRows / 4;

    private readonly Lock gate = new();
    private readonly Dictionary<(object Owner, long Block), LinkedListNode<FrameBlock>> blocks = [];
    private readonly LinkedList<FrameBlock> byLastUse = new();

    /// <summary>Bytes held.</summary>
    public long Size { get; private set; }

    /// <summary>Whether so many bytes more make nothing else go.</summary>
    public bool HasRoomFor(long bytes)
    {
        lock (gate)
            return Size + bytes <= capacity;
    }

    public static long BlockOf(long sequence) => (sequence - 1) / BlockEvents;

    public static long FirstOf(long block) => (block * BlockEvents) + 1;

    /// <summary>Finds whole frames from one sequence to another, as many as are handed out at a time.</summary>
    public bool TryRead(object owner, long sequence, long last, out FrameSlice slice)
    {
        lock (gate)
        {
            if (TryFind(owner, BlockOf(sequence), out var node) && node.Value.First <= sequence && sequence <= node.Value.Last)
            {
                byLastUse.Remove(node);
                byLastUse.AddLast(node);
                slice = node.Value.Slice(sequence, last);
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

    /// <summary>Takes in a run that lies within one block, joining it to what is held of that block; of two that do not touch, the longer stays.</summary>
    public void Put(object owner, FrameRun run)
    {
        lock (gate)
        {
            var block = BlockOf(run.First);
            if (!TryFind(owner, block, out var node))
            {
                Add(block, new FrameBlock(owner, run));
            }
            else if (run.First >= node.Value.First && run.First <= node.Value.Last + 1)
            {
                Size -= node.Value.Size;
                node.Value.Append(run);
                Size += node.Value.Size;
                byLastUse.Remove(node);
                byLastUse.AddLast(node);
            }
            else if (run.First < node.Value.First && node.Value.First <= run.Last + 1)
            {
                var joined = new FrameBlock(owner, run);
                joined.Append(node.Value);
                Remove(node);
                Add(block, joined);
            }
            else if (run.Ends.Length > node.Value.Count)
            {
                Remove(node);
                Add(block, new FrameBlock(owner, run));
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
            foreach (var node in blocks.Where(entry => entry.Key.Owner == owner).Select(entry => entry.Value).ToList())
                Remove(node);
        }
    }

    private bool TryFind(object owner, long block, [NotNullWhen(true)] out LinkedListNode<FrameBlock>? node) =>
        blocks.TryGetValue((owner, block), out node);

    private void Add(long number, FrameBlock block)
    {
        blocks[(block.Owner, number)] = byLastUse.AddLast(block);
        Size += block.Size;
    }

    private void Remove(LinkedListNode<FrameBlock> node)
    {
        blocks.Remove((node.Value.Owner, BlockOf(node.Value.First)));
        byLastUse.Remove(node);
        Size -= node.Value.Size;
    }
}
