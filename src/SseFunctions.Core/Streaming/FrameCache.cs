namespace SseFunctions.Streaming;

/// <summary>
/// The frames that this process keeps in memory, in small buffers, with gaps between them where nobody has read. Over its capacity
/// it evicts the buffers whose last use is the longest ago.
/// </summary>
/// <param name="capacity">Bytes (Stream__CacheBytes).</param>
internal sealed class FrameCache(long capacity)
{
    private readonly Lock gate = new();

    /// <summary>The buffers of each owner, in the order of their sequences; no two have the same event.</summary>
    private readonly Dictionary<object, List<LinkedListNode<Entry>>> owners = [];
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
            if (owners.TryGetValue(owner, out var held) && IndexOf(held, sequence) is >= 0 and var index && held[index].Value.Buffer.Has(sequence))
            {
                Touch(held[index]);
                slice = Slice(held[index].Value.Buffer, sequence, last, filter);
                return true;
            }

            if (loaded?.Has(sequence) != true)
                return false;

            slice = loaded.Slice(sequence, last, filter);
            return true;
        }
    }

    /// <summary>The first buffer that has a sequence or later ones: which it has. Null for none.</summary>
    public (long First, long Last)? NextHeld(object owner, long sequence)
    {
        lock (gate)
        {
            if (!owners.TryGetValue(owner, out var held))
                return null;

            var index = IndexOf(held, sequence);
            if (index < 0 || held[index].Value.Buffer.Last < sequence)
                index++;

            return index < held.Count ? (held[index].Value.Buffer.First, held[index].Value.Buffer.Last) : null;
        }
    }

    /// <summary>Keeps what is not held yet of a buffer's frames.</summary>
    public void Put(object owner, FrameBuffer buffer)
    {
        lock (gate)
        {
            if (!owners.TryGetValue(owner, out var held))
                owners[owner] = held = [];

            for (long next = buffer.First, last = buffer.Last; next <= last;)
            {
                var index = IndexOf(held, next);
                if (index >= 0 && held[index].Value.Buffer.Has(next))
                {
                    Touch(held[index]);
                    next = held[index].Value.Buffer.Last + 1;
                    continue;
                }

                var gapEnd = index + 1 < held.Count ? held[index + 1].Value.Buffer.First - 1 : last;
                var part = buffer.Part(next, Math.Min(last, gapEnd));
                next = part.Last + 1;
                Add(owner, held, index, part);
            }

            EvictOldest();
        }
    }

    /// <summary>Evicts all that an owner holds.</summary>
    public void Evict(object owner)
    {
        lock (gate)
        {
            if (!owners.Remove(owner, out var held))
                return;

            foreach (var node in held)
                Remove(node);
        }
    }

    /// <summary>What is kept for a filter counts as well.</summary>
    private FrameSlice Slice(FrameBuffer buffer, long sequence, long last, EventFilter? filter)
    {
        if (filter is null)
            return buffer.Slice(sequence, last);

        Size -= buffer.Size;
        var slice = buffer.Slice(sequence, last, filter);
        Size += buffer.Size;
        EvictOldest();
        return slice;
    }

    /// <summary>The newest stays, whatever its size: somebody is about to read it.</summary>
    private void EvictOldest()
    {
        while (Size > capacity && byLastUse.First is { } oldest && oldest != byLastUse.Last)
            Evict(oldest);
    }

    /// <returns>Where the last buffer is that begins at a sequence or before it; -1 for none.</returns>
    private static int IndexOf(List<LinkedListNode<Entry>> held, long sequence)
    {
        var (low, high) = (0, held.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (held[middle].Value.Buffer.First <= sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }

    /// <summary>Adds a part to the buffer before it, which it may continue, or as a buffer of its own.</summary>
    private void Add(object owner, List<LinkedListNode<Entry>> held, int before, FrameBuffer part)
    {
        if (before >= 0 && held[before].Value.Buffer is var buffer && buffer.Last + 1 == part.First)
        {
            var size = buffer.Size;
            if (buffer.TryAppend(part))
            {
                Size += buffer.Size - size;
                Touch(held[before]);
                return;
            }
        }

        held.Insert(before + 1, byLastUse.AddLast(new Entry(owner, part)));
        Size += part.Size;
    }

    private void Touch(LinkedListNode<Entry> node)
    {
        byLastUse.Remove(node);
        byLastUse.AddLast(node);
    }

    private void Evict(LinkedListNode<Entry> node)
    {
        var held = owners[node.Value.Owner];
        held.RemoveAt(IndexOf(held, node.Value.Buffer.First));
        if (held.Count == 0)
            owners.Remove(node.Value.Owner);

        Remove(node);
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        byLastUse.Remove(node);
        Size -= node.Value.Buffer.Size;
    }

    private sealed record Entry(object Owner, FrameBuffer Buffer);
}
