using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>npm's eventsource, run by node: one process for any number of EventSources.</summary>
public sealed class NodeEventSources : IEventSourceClient, IAsyncLifetime
{
    private readonly ConcurrentDictionary<int, NodeEventSource> opened = [];
    private readonly Lock gate = new();
    private readonly Lazy<Task<Process>> started = new(() => NodeFolder.StartAsync("eventsource.mjs"));
    private Task reading = Task.CompletedTask;
    private bool isReading;
    private int clients;

    public string? Absence => null;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task<RecordedEventSource> OpenAsync(Uri baseAddress, string path, params string[] types) =>
        await OpenInChunksAsync(new Uri(baseAddress, path), null, types);

    /// <param name="stream">The URL.</param>
    /// <param name="chunks">The sizes in bytes of the chunks in which it gets the responses, over and over; null for what comes.</param>
    /// <param name="types">The events to listen to, besides message and sse.reset.</param>
    public async Task<NodeEventSource> OpenInChunksAsync(Uri stream, IReadOnlyList<int>? chunks, params string[] types)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var client = Interlocked.Increment(ref clients);
        var source = new NodeEventSource(() => SendAsync(new { client }));
        opened[client] = source;
        await SendAsync(new { client, url = stream.AbsoluteUri, types, chunks });
        return source;
    }

    public async Task DisposeAsync()
    {
        if (!started.IsValueCreated)
            return;

        using var node = await started.Value;
        node.StandardInput.Close(); // it then ends
        await node.WaitForExitAsync().WaitAsync(SseStream.Timeout);
        await reading.WaitAsync(SseStream.Timeout);
    }

    private async Task SendAsync(object command)
    {
        var node = await started.Value;
        lock (gate)
        {
            if (!isReading)
                reading = Task.Run(() => ReadAsync(node.StandardOutput));

            isReading = true;
            node.StandardInput.WriteLine(JsonSerializer.Serialize(command));
            node.StandardInput.Flush();
        }
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            var report = JsonSerializer.Deserialize<JsonElement>(line);
            opened[report.GetProperty("client").GetInt32()].Take(report);
        }
    }
}
