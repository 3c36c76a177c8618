using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Runs;

namespace SseFunctions.Tests.Samples;

/// <summary>Runs an orchestrator's activities, each progress twice, as a retry after a lost answer does.</summary>
internal sealed class ReplayingContext(string instanceId, Func<Progress, Task> publishAsync) : TaskOrchestrationContext
{
    /// <summary>The step whose work fails; none by default.</summary>
    public int FailsAtStep { get; init; }

    public override TaskName Name => nameof(ReportRuns.ReportAsync);

    public override string InstanceId => instanceId;

    public override ParentOrchestrationInstance? Parent => null;

    public override DateTime CurrentUtcDateTime => throw new NotSupportedException();

    public override bool IsReplaying => false;

    protected override ILoggerFactory LoggerFactory => throw new NotSupportedException();

    public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        if (input is Progress progress)
        {
            await publishAsync(progress);
            await publishAsync(progress);
        }
        else if (input is int step && step == FailsAtStep)
        {
            throw new TaskFailedException(name, 0, new InvalidOperationException("secret"));
        }

        return default!;
    }

    public override T GetInput<T>() => throw new NotSupportedException();

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

    public override void SetCustomStatus(object? customStatus) => throw new NotSupportedException();

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) => throw new NotSupportedException();

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();

    public override Guid NewGuid() => throw new NotSupportedException();
}
