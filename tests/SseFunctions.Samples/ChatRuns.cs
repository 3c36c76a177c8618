using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.AI;
using SseFunctions.Publishing;

namespace Runs;

/// <summary>A language model's answers, each streamed into a topic of its own, whoever reads it and whoever leaves.</summary>
public sealed class ChatRuns(IChatClient model, IEventPublisher publisher)
{
    // What the AI SDK's useChat shows as an error; other pages get it as the data of the event "error".
    private const string BrokenOff = """{"type":"error","errorText":"The answer broke off."}""";

    /// <summary>POST runs: answers with the topic's name. The queue's function does the work, so that no request has to last as long.</summary>
    [Function("StartRun")]
    public async Task<StartedRun> StartAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "runs")] HttpRequest request)
    {
        var asked = await request.ReadFromJsonAsync<RunRequest>(request.HttpContext.RequestAborted);
        var run = new Run($"run-{Guid.NewGuid():N}", asked?.Messages ?? []);
        await publisher.PublishAsync(run.Topic, [Part(new { type = "start" })]); // from now on ?active=true finds it
        return new StartedRun(run, TypedResults.Accepted($"events/{run.Topic}", new { topic = run.Topic }));
    }

    [Function("Run")]
    public async Task RunAsync([QueueTrigger("runs")] QueueMessage message, CancellationToken cancellationToken)
    {
        var run = message.Body.ToObjectFromJson<Run>(JsonSerializerOptions.Web)!;
        if (message.DequeueCount == 1)
            await publisher.PublishStreamAsync(run.Topic, AnswerAsync(run, cancellationToken), new() { ErrorData = BrokenOff }, cancellationToken);
        else
            await EndAsync(run.Topic, cancellationToken);
    }

    /// <summary>A second delivery: the first has failed, and said so to its readers, or its process has died, which nobody has said yet.</summary>
    private async Task EndAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await publisher.PublishLastAsync(topic, [new SseEvent(BrokenOff, "error")], cancellationToken: cancellationToken);
        }
        catch (TopicCompleteException)
        {
            // The readers know.
        }
    }

    /// <summary>The parts of the AI SDK's UI message stream, one an event: ai-sdk.dev/docs/ai-sdk-ui/stream-protocol.</summary>
    private async IAsyncEnumerable<SseEvent> AnswerAsync(Run run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var messages = run.Messages.Select(message => new ChatMessage(new ChatRole(message.Role), message.Text));
        yield return Part(new { type = "text-start", id = "0" });
        await foreach (var update in model.GetStreamingResponseAsync(messages, cancellationToken: cancellationToken))
        {
            if (update.Text.Length > 0)
                yield return Part(new { type = "text-delta", id = "0", delta = update.Text });
        }

        yield return Part(new { type = "text-end", id = "0" });
        yield return Part(new { type = "finish" });
        yield return new SseEvent("[DONE]");
    }

    private static SseEvent Part(object part) => new(JsonSerializer.Serialize(part, JsonSerializerOptions.Web));
}
