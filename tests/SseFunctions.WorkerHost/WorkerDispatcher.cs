using SseFunctions.WorkerHost.Rpc;

namespace SseFunctions.WorkerHost;

/// <summary>Has one worker running, as the Functions host does: what it does at an exit depends on the exit code.</summary>
/// <param name="start">Starts a worker.</param>
/// <param name="time">By which a replacement waits.</param>
internal sealed class WorkerDispatcher(Func<Task<WorkerChannel>> start, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How the host waits before it replaces the first, the second, ... worker that failed within half an hour; then it gives up.</summary>
    private static readonly TimeSpan[] RestartDelays = [TimeSpan.Zero, TimeSpan.FromSeconds(8)];

    private static readonly TimeSpan RestartPeriod = TimeSpan.FromMinutes(30);

    private readonly List<DateTimeOffset> failures = [];
    private readonly List<WorkerChannel> workers = [];
    private volatile Task<WorkerChannel> current = Task.FromException<WorkerChannel>(new InvalidOperationException("Not started."));
    private volatile bool isStopping;

    /// <summary>The worker that runs, or the one that is being started.</summary>
    public Task<WorkerChannel> WorkerAsync() => current;

    /// <summary>Starts a worker, and replaces it when it fails.</summary>
    public Task<WorkerChannel> StartAsync() => current = StartAfterAsync(TimeSpan.Zero);

    public async ValueTask DisposeAsync()
    {
        isStopping = true;
        await Task.WhenAny(current); // a worker that could not be started has been reported
        foreach (var worker in workers)
        {
            await worker.TerminateAsync();
            worker.Dispose();
        }
    }

    private async Task<WorkerChannel> StartAfterAsync(TimeSpan delay)
    {
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, time);

        var worker = await start();
        workers.Add(worker);
        _ = ReplaceWhenFailedAsync(worker);
        return worker;
    }

    private async Task ReplaceWhenFailedAsync(WorkerChannel worker)
    {
        // Exit code 0 has no consequence: the host assumes that it asked the worker to stop.
        if (await worker.Exit == 0 || isStopping)
            return;

        failures.RemoveAll(failure => time.GetUtcNow() - failure > RestartPeriod);
        failures.Add(time.GetUtcNow());
        current = failures.Count > RestartDelays.Length
            ? Task.FromException<WorkerChannel>(new InvalidOperationException("Exceeded language worker restart retry count."))
            : StartAfterAsync(RestartDelays[failures.Count - 1]);
    }
}
