using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using SseFunctions.Publishing;

namespace Runs;

/// <summary>A long job's progress: an orchestration that publishes each step once, however often it is replayed and its activities are retried.</summary>
public sealed class ReportRuns(IEventPublisher publisher)
{
    private const int Steps = 5;

    private static readonly TaskOptions Retried = new(new RetryPolicy(maxNumberOfAttempts: 5, TimeSpan.FromSeconds(2), backoffCoefficient: 2));

    /// <summary>POST reports: answers with the topic's name.</summary>
    [Function("StartReport")]
    public async Task<IResult> StartAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "reports")] HttpRequest request, [DurableClient] DurableTaskClient client)
    {
        var instance = await client.ScheduleNewOrchestrationInstanceAsync(nameof(ReportAsync), request.HttpContext.RequestAborted);
        return TypedResults.Accepted($"events/{TopicOf(instance)}", new { topic = TopicOf(instance) });
    }

    [Function(nameof(ReportAsync))]
    public static async Task ReportAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var sequence = 0;
        try
        {
            for (var step = 1; step <= Steps; step++)
            {
                await context.CallActivityAsync(nameof(WorkAsync), step, Retried);
                await PublishAsync(new { step, of = Steps });
            }
        }
        catch (TaskFailedException)
        {
            await PublishAsync(new { failed = true }, "error", isLast: true); // not why: that may be nothing for readers
            throw;
        }

        await PublishAsync(new { done = true }, "progress", isLast: true);

        // Under replay the sequence counts the same again, so each event keeps its key.
        Task PublishAsync(object data, string type = "progress", bool isLast = false) => context.CallActivityAsync(
            nameof(ProgressAsync), new Progress(context.InstanceId, ++sequence, type, JsonSerializer.Serialize(data), isLast), Retried);
    }

    [Function(nameof(WorkAsync))]
    public static Task WorkAsync([ActivityTrigger] int step, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(step), cancellationToken); // your work

    /// <summary>A retry finds its first try's events by the key, and the topic's end with the last of them.</summary>
    [Function(nameof(ProgressAsync))]
    public Task ProgressAsync([ActivityTrigger] Progress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        var (topic, key) = (TopicOf(progress.Instance), $"{progress.Instance}-{progress.Sequence}");
        SseEvent[] events = [new(progress.Data, progress.Type)];
        return progress.IsLast
            ? publisher.PublishLastAsync(topic, events, key, cancellationToken)
            : publisher.PublishAsync(topic, events, key, cancellationToken);
    }

    private static string TopicOf(string instance) => $"report-{instance}";
}
