namespace SseFunctions.Streaming;

/// <summary>Bounds what is under way at a time, first come first served; what is larger than the capacity goes only alone.</summary>
/// <param name="capacity">As its callers count: bytes, or one for each of them.</param>
/// <param name="maxWaiting">How many may wait for their turn.</param>
internal sealed class FairGate(long capacity, int maxWaiting = int.MaxValue)
{
    private readonly Lock gate = new();
    private readonly LinkedList<(long Size, TaskCompletionSource Turn)> waiting = new();
    private long used;

    /// <summary>How many wait for their turn.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    /// <summary>Takes room if there is some now, and nobody waits for it.</summary>
    /// <returns>Gives the room back; null when there is none.</returns>
    public Room? TryEnter(long size)
    {
        lock (gate)
        {
            if (waiting.Count > 0 || !HasRoomFor(size))
                return null;

            used += size;
            return new Room(this, size);
        }
    }

    /// <summary>Waits for room. Whoever gives up waiting is no longer in the queue.</summary>
    /// <returns>Gives the room back.</returns>
    /// <exception cref="ReadsBusyException">Too many wait already.</exception>
    public async Task<Room> EnterAsync(long size, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<(long Size, TaskCompletionSource Turn)> place;
        lock (gate)
        {
            if (TryEnter(size) is { } room)
                return room;

            if (waiting.Count >= maxWaiting)
                throw new ReadsBusyException();

            place = waiting.AddLast((size, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        using (cancellationToken.UnsafeRegister(_ => Abandon(place, cancellationToken), null))
            await place.Value.Turn.Task;

        return new Room(this, size);
    }

    private bool HasRoomFor(long size) => used == 0 || used + size <= capacity;

    private void Abandon(LinkedListNode<(long Size, TaskCompletionSource Turn)> place, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (place.List is null)
                return; // its turn has come

            waiting.Remove(place);
            place.Value.Turn.SetCanceled(cancellationToken);
            AdmitNext(); // those behind it may be smaller
        }
    }

    private void Leave(long size)
    {
        lock (gate)
        {
            used -= size;
            AdmitNext();
        }
    }

    private void AdmitNext()
    {
        while (waiting.First is { } next && HasRoomFor(next.Value.Size))
        {
            waiting.Remove(next);
            used += next.Value.Size;
            next.Value.Turn.SetResult();
        }
    }

    /// <summary>Room that somebody has, until it is disposed.</summary>
    internal sealed class Room(FairGate gate, long size) : IDisposable
    {
        private long size = size;

        /// <summary>Gives back what is beyond a size. Not to be called while it is disposed.</summary>
        public void ShrinkTo(long smaller)
        {
            var beyond = Math.Max(0, size - smaller);
            size -= beyond;
            gate.Leave(beyond);
        }

        public void Dispose() => gate.Leave(Interlocked.Exchange(ref size, 0));
    }
}
