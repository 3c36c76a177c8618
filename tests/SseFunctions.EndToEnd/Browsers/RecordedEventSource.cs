using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>An EventSource that nobody here wrote, and all that has happened to it, in order.</summary>
public abstract class RecordedEventSource : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<EventSourceStep> steps = [];
    private readonly List<(Func<IReadOnlyList<EventSourceStep>, bool> IsReached, TaskCompletionSource Reached)> awaited = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<EventSourceStep> Steps
    {
        get
        {
            lock (gate)
                return [.. steps];
        }
    }

    /// <summary>How often it has lost, or not got, a connection.</summary>
    public int Failures => Steps.Count(step => step.Name == "error");

    /// <summary>The last event ID of the events that had come each time that it lost its connection; null before the first.</summary>
    public IReadOnlyList<string?> CursorsAtEnds
    {
        get
        {
            var (cursors, cursor) = (new List<string?>(), (string?)null);
            foreach (var step in Steps)
            {
                cursor = step.Message?.Id ?? cursor;
                if (step is { Name: "error", State: EventSourceState.Connecting })
                    cursors.Add(cursor);
            }

            return cursors;
        }
    }

    /// <summary>Its requests, once all are answered or have failed.</summary>
    public abstract Task<IReadOnlyList<EventSourceRequest>> RequestsAsync();

    /// <summary>The Last-Event-IDs of its answered requests, once for those in a row that sent the same, as where storage was slow.</summary>
    public async Task<IReadOnlyList<string?>> SentIdsAsync()
    {
        var ids = (await RequestsAsync()).Where(request => request.Status is not null).Select(request => request.LastEventId).ToList();
        return [.. ids.Where((id, i) => i == 0 || id != ids[i - 1])];
    }

    /// <summary>Closes the EventSource.</summary>
    public abstract Task CloseAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Waits for so many of the stream's events and returns all.</summary>
    public async Task<IReadOnlyList<SseMessage>> ReadEventsAsync(int count)
    {
        await WaitAsync($"{count} events", seen => seen.Count(step => step.Message is not null) >= count);
        return [.. Steps.Select(step => step.Message).OfType<SseMessage>()];
    }

    /// <summary>Waits until connections have been opened so often.</summary>
    public Task WaitUntilOpenedAsync(int times) => WaitAsync($"{times} opened", seen => seen.Count(step => step.Name == "open") >= times);

    /// <summary>Waits until connections have been opened so often from now on.</summary>
    public Task WaitUntilOpenedAgainAsync(int times) => WaitUntilOpenedAsync(Steps.Count(step => step.Name == "open") + times);

    /// <summary>Waits until it has lost, or not got, a connection so often.</summary>
    public Task WaitUntilFailedAsync(int times) => WaitAsync($"{times} failed", seen => seen.Count(step => step.Name == "error") >= times);

    /// <summary>Waits until the EventSource has no connection and is about to make another.</summary>
    public Task WaitUntilReconnectingAsync() =>
        WaitAsync("reconnecting", seen => seen.LastOrDefault(step => step.Message is null) is { Name: "error", State: EventSourceState.Connecting });

    /// <summary>Waits until the EventSource has given up for good.</summary>
    public Task WaitUntilClosedAsync() => WaitAsync("closed", seen => seen.Any(step => step.State == EventSourceState.Closed));

    protected void Add(EventSourceStep step)
    {
        lock (gate)
        {
            steps.Add(step);
            foreach (var wait in awaited.Where(wait => wait.IsReached(steps)))
                wait.Reached.TrySetResult();
        }
    }

    private async Task WaitAsync(string what, Func<IReadOnlyList<EventSourceStep>, bool> isReached)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (isReached(steps))
                return;

            awaited.Add((isReached, reached));
        }

        try
        {
            await reached.Task.WaitAsync(SseStream.Timeout);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Waited for {what} in vain; of {Steps.Count} steps the last are: {string.Join(", ", Steps.TakeLast(20))}");
        }
    }
}
