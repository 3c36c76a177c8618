namespace SseFunctions.Streaming;

/// <summary>
/// Cuts a client off that takes no bytes for too long. Every byte that it takes gives it the whole time again, so that a
/// slow client is cut off only when it has stopped.
/// </summary>
internal sealed class WriteDeadline : IDisposable
{
    /// <summary>What a client that takes no bytes gets when the host stops.</summary>
    private static readonly TimeSpan StoppingTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Timers count whole milliseconds.</summary>
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    /// <summary>How often progress is looked for: a client is cut off at most a quarter of the timeout too late.</summary>
    private const int LooksPerTimeout = 4;

    private readonly TimeSpan timeout;
    private readonly TimeSpan limit;
    private readonly StreamClock clock;
    private readonly Func<long>? acknowledged;
    private readonly Action abort;
    private readonly CancellationToken hostStopping;

    /// <summary>Only for a client that has once not taken a write at once: most always do, and need no memory for it.</summary>
    private Watch? watch;

    /// <param name="timeout">How long the client may take no bytes (Stream__WriteTimeout).</param>
    /// <param name="limit">No write lasts beyond this time of the stream, whatever its progress.</param>
    /// <param name="acknowledged">How many bytes the client has taken in all; null when that is not known; then only the end of a write is progress.</param>
    /// <param name="abort">Cuts the connection off, and with it the write under way. It must not wait.</param>
    /// <param name="hostStopping">Shortens the timeout.</param>
    public WriteDeadline(TimeSpan timeout, TimeSpan limit, StreamClock clock, Func<long>? acknowledged, Action abort, CancellationToken hostStopping)
    {
        (this.timeout, this.limit, this.clock) = (timeout, limit, clock);
        (this.acknowledged, this.abort, this.hostStopping) = (acknowledged, abort, hostStopping);
    }

    /// <summary>Whether the client was cut off.</summary>
    public bool HasPassed => watch?.HasPassed == true;

    private TimeSpan Timeout => hostStopping.IsCancellationRequested ? StoppingTimeout : timeout;

    /// <summary>A write has not been taken at once.</summary>
    public void Begin()
    {
        watch ??= new Watch(this);
        watch.Begin();
    }

    /// <summary>The write has ended.</summary>
    public void End() => watch?.End();

    /// <summary>When this returns, the client is not cut off any more: its connection may serve another request by then.</summary>
    public void Dispose() => watch?.Dispose();

    /// <summary>Looks for the progress of slow writes, and cuts their client off.</summary>
    private sealed class Watch : IDisposable
    {
        private readonly WriteDeadline deadline;
        private readonly Lock gate = new();
        private readonly ITimer timer;
        private readonly CancellationTokenRegistration onHostStopping;

        /// <summary>Whether a write is under way. Only then, and under the gate, is the client cut off.</summary>
        private bool isRunning;
        private TimeSpan lastProgress;
        private long taken;
        private bool hasPassed;

        public Watch(WriteDeadline deadline)
        {
            this.deadline = deadline;
            timer = deadline.clock.CreateTimer(static watch => ((Watch)watch!).OnTimer(), this);
            onHostStopping = deadline.hostStopping.UnsafeRegister(static watch => ((Watch)watch!).OnHostStopping(), this);
        }

        public bool HasPassed => Volatile.Read(ref hasPassed);

        public void Begin()
        {
            lock (gate)
            {
                isRunning = true;
                (lastProgress, taken) = (deadline.clock.Elapsed, deadline.acknowledged?.Invoke() ?? 0);
                SetTimer();
            }
        }

        public void End()
        {
            lock (gate)
                isRunning = false;
        }

        public void Dispose()
        {
            End();
            onHostStopping.Dispose();
            timer.Dispose();
        }

        private void OnTimer()
        {
            lock (gate)
            {
                if (!isRunning)
                    return;

                if (deadline.acknowledged?.Invoke() is { } now && now > taken)
                    (lastProgress, taken) = (deadline.clock.Elapsed, now);

                SetTimer();
            }
        }

        private void OnHostStopping()
        {
            lock (gate)
            {
                if (!isRunning)
                    return;

                lastProgress = deadline.clock.Elapsed;
                SetTimer();
            }
        }

        /// <summary>Looks again when it is time to, or cuts the client off when its time is over.</summary>
        private void SetTimer()
        {
            var (elapsed, timeout) = (deadline.clock.Elapsed, deadline.Timeout);
            var end = lastProgress + timeout < deadline.limit ? lastProgress + timeout : deadline.limit;
            if (elapsed < end)
            {
                var left = end - elapsed + TimerResolution; // timers may fire some milliseconds early
                var look = timeout / LooksPerTimeout;
                timer.Change(left < look ? left : look, System.Threading.Timeout.InfiniteTimeSpan);
                return;
            }

            isRunning = false;
            Volatile.Write(ref hasPassed, true);
            deadline.abort();
        }
    }
}
