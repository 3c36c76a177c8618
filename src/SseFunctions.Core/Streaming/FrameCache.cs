namespace SseFunctions.Streaming;

/// <summary>
/// The frames that this process keeps in memory, in blocks that begin at fixed sequences. Over its capacity it evicts the
/// blocks whose last use is the longest ago.
/// </summary>
/// <param name="capacity">Bytes (Stream__CacheBytes).</param>
internal sealed class FrameCache(long capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<object, Dictionary<long, LinkedListNode<Entry>>> owners = [];
    private readonly LinkedList<Entry> byLastUse = new();

    /// <summary>Bytes held.</summary>
    public long Size { get; private set; }

    /// <summary>Whether so many more bytes fit without an eviction.</summary>
    public bool HasRoomFor(long bytes)
    {
        lock (gate)
            return Size + bytes <= capacity;
    }

    /// <summary>Finds whole frames from one sequence to another, as many as are handed out at a time.</summary>
    /// <param name="owner">Whose frames.</param>
    /// <param name="loaded">What the reader has just loaded, of the same epoch: used even if it has been evicted already.</param>
    /// <param name="slice">The frames; those that the filter passes.</param>
    /// <param name="filter">Which events the reader wants; null for all.</param>
    public bool TryRead(object owner, long sequence, long last, FrameBuffer? loaded, out FrameSlice slice, EventFilter? filter = null)
    {
        slice = default;
        lock (gate)
        {
            if (Find(owner, FrameBlock.NumberOf(sequence)) is { } node && node.Value.Block.First <= sequence && sequence <= node.Value.Block.Last)
            {
                Touch(node);
                slice = Slice(node.Value.Block, sequence, last, filter);
                return true;
            }

            if (loaded?.Has(sequence) != true)
                return false;

            slice = loaded.Slice(sequence, last, filter);
            return true;
        }
    }

    /// <summary>Which sequences of a block are held.</summary>
    public (long First, long Last)? Held(object owner, long number)
    {
        lock (gate)
            return Find(owner, number)?.Value.Block is { } block ? (block.First, block.Last) : null;
    }

    /// <summary>Keeps a block, joined to what is held of its range; of two parts that do not touch, the longer stays.</summary>
    public void Put(object owner, FrameBlock block)
    {
        lock (gate)
        {
            if (Find(owner, block.Number) is not { } node)
            {
                Add(owner, block);
            }
            else if (node.Value.Block is var held && held.First <= block.First && block.First <= held.Last + 1)
            {
                Size -= held.Size;
                held.Append(block);
                Size += held.Size;
                Touch(node);
            }
            else if (block.First < held.First && held.First <= block.Last + 1)
            {
                block.Append(held);
                Evict(node);
                Add(owner, block);
            }
            else if (block.Count > held.Count)
            {
                Evict(node);
                Add(owner, block);
            }

            EvictOldest();
        }
    }

    /// <summary>Evicts all that an owner holds.</summary>
    public void Evict(object owner)
    {
        lock (gate)
        {
            if (!owners.TryGetValue(owner, out var blocks))
                return;

            foreach (var node in blocks.Values.ToList())
                Evict(node);
        }
    }

    /// <summary>What is kept for a filter counts as well.</summary>
    private FrameSlice Slice(FrameBlock block, long sequence, long last, EventFilter? filter)
    {
        if (filter is null)
            return block.Slice(sequence, last);

        Size -= block.Size;
        var slice = block.Slice(sequence, last, filter);
        Size += block.Size;
        EvictOldest();
        return slice;
    }

    /// <summary>The newest stays, whatever its size: somebody is about to read it.</summary>
    private void EvictOldest()
    {
        while (Size > capacity && byLastUse.First is { } oldest && oldest != byLastUse.Last)
            Evict(oldest);
    }

    private LinkedListNode<Entry>? Find(object owner, long number) =>
        owners.TryGetValue(owner, out var blocks) ? blocks.GetValueOrDefault(number) : null;

    private void Touch(LinkedListNode<Entry> node)
    {
        byLastUse.Remove(node);
        byLastUse.AddLast(node);
    }

    private void Add(object owner, FrameBlock block)
    {
        if (!owners.TryGetValue(owner, out var blocks))
            owners[owner] = blocks = [];

        blocks[block.Number] = byLastUse.AddLast(new Entry(owner, block));
        Size += block.Size;
    }

    private void Evict(LinkedListNode<Entry> node)
    {
        var (owner, block) = node.Value;
        owners[owner].Remove(block.Number);
        if (owners[owner].Count == 0)
            owners.Remove(owner);

        byLastUse.Remove(node);
        Size -= block.Size;
    }

    private sealed record Entry(object Owner, FrameBlock Block);
}
