using System.Collections.Concurrent;
using System.Text.Json;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>One of npm's eventsource, in the process of a <see cref="NodeEventSources"/>.</summary>
public sealed class NodeEventSource(Func<Task> close) : RecordedEventSource
{
    private readonly ConcurrentQueue<string?> requests = [];
    private readonly ConcurrentDictionary<int, int> statuses = [];
    private readonly ConcurrentQueue<int> waits = [];

    /// <summary>How long it waited, in milliseconds, each time that it had lost its connection.</summary>
    public IReadOnlyList<int> WaitsMs => [.. waits];

    public override Task<IReadOnlyList<EventSourceRequest>> RequestsAsync() => Task.FromResult<IReadOnlyList<EventSourceRequest>>(
        [.. requests.Select((lastEventId, i) => new EventSourceRequest(lastEventId, statuses.TryGetValue(i, out var status) ? status : null))]);

    public override Task CloseAsync() => close();

    public override async ValueTask DisposeAsync() => await close();

    /// <summary>Takes what node/eventsource.mjs reports.</summary>
    internal void Take(JsonElement report)
    {
        switch (report.GetProperty("step").GetString())
        {
            case "request":
                requests.Enqueue(report.GetProperty("lastEventId").GetString());
                break;
            case "answer":
                statuses[report.GetProperty("request").GetInt32()] = report.GetProperty("status").GetInt32();
                break;
            case "wait":
                waits.Enqueue(report.GetProperty("milliseconds").GetInt32());
                break;
            default:
                Add(EventSourceStep.From(report));
                break;
        }
    }
}
