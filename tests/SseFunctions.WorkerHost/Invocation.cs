using System.Diagnostics;
using SseFunctions.WorkerHost.Rpc;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.WorkerHost;

/// <summary>A function that runs in a worker, and the two ways in which its time ends.</summary>
internal sealed class Invocation
{
    /// <summary>The host's: a worker whose invocation goes on for so long after functionTimeout is replaced.</summary>
    private static readonly TimeSpan TimeoutGracePeriod = TimeSpan.FromSeconds(2);

    private readonly FunctionDefinition function;
    private readonly WorkerChannel worker;
    private readonly TimeProvider time;
    private readonly TimeSpan functionTimeout;
    private readonly TaskCompletionSource ended = new();
    private long? cancelledAt;

    /// <param name="function">What runs.</param>
    /// <param name="worker">Where.</param>
    /// <param name="time">By which it overruns.</param>
    /// <param name="functionTimeout">How long it may last.</param>
    public Invocation(FunctionDefinition function, WorkerChannel worker, TimeProvider time, TimeSpan functionTimeout) =>
        (this.function, this.worker, this.time, this.functionTimeout) = (function, worker, time, functionTimeout);

    public string Id { get; } = Guid.NewGuid().ToString();

    public bool HasTimedOut { get; private set; }

    /// <summary>Runs it to its end.</summary>
    /// <param name="triggerMetadata">The values that parameters are bound to, by their names.</param>
    /// <param name="input">The trigger's own parameter.</param>
    /// <param name="forwarding">Its HTTP half, under way; null where it has none.</param>
    /// <param name="clientLeft">Fires its token.</param>
    public async Task<InvocationEnd> RunAsync(
        IEnumerable<KeyValuePair<string, string>> triggerMetadata, TypedData input, Task<ForwarderError>? forwarding, CancellationToken clientLeft)
    {
        var request = new InvocationRequest
        {
            InvocationId = Id,
            FunctionId = function.Name,
            InputData = { new ParameterBinding { Name = function.Trigger.Name, Data = input } },
            TraceContext = new RpcTraceContext(),
        };
        foreach (var (name, value) in triggerMetadata)
            request.TriggerMetadata[name] = new TypedData { String = value };

        using var overrun = time.CreateTimer(_ => TimeOut(), null, functionTimeout, Timeout.InfiniteTimeSpan);
        using var left = clientLeft.Register(Cancel);
        var succeeded = false;
        try
        {
            succeeded = (await worker.InvokeAsync(request)).Status == StatusResult.Types.Status.Success;
        }
        catch (WorkerExitedException)
        {
            // It failed.
        }

        ended.TrySetResult();
        var after = cancelledAt is { } at ? Stopwatch.GetElapsedTime(at) : (TimeSpan?)null;
        return new InvocationEnd(function.Name, succeeded, forwarding is null ? ForwarderError.None : await forwarding, after);
    }

    private void Cancel()
    {
        cancelledAt = Stopwatch.GetTimestamp();
        worker.Cancel(Id);
    }

    private void TimeOut()
    {
        HasTimedOut = true;
        Cancel();
        _ = KillWhenIgnoredAsync();
    }

    private async Task KillWhenIgnoredAsync()
    {
        if (await Task.WhenAny(ended.Task, Task.Delay(TimeoutGracePeriod, time)) != ended.Task)
            worker.Kill();
    }
}
