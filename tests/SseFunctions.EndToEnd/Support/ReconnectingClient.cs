using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>Reads a topic over any number of connections, as an EventSource does: it brings the last id it has seen.</summary>
internal sealed class ReconnectingClient(string path)
{
    private readonly List<SseMessage> events = [];
    private string? lastEventId;

    /// <summary>All events so far; to be read between connections.</summary>
    public IReadOnlyList<SseMessage> Events => events;

    /// <summary>How many events have come.</summary>
    public Tally Received { get; } = new();

    /// <summary>
    /// Reads one connection until it ends, however it ends, or until there are enough events in all; and the next one where
    /// the stream ends because storage is slow, as it is on a busy machine.
    /// </summary>
    public async Task ReadAsync(HttpClient client, int enough = int.MaxValue)
    {
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (await ReadOnceAsync(client, enough) && !timeout.IsCancellationRequested)
        {
            // At once.
        }
    }

    /// <returns>Whether the stream has ended because storage was slow.</returns>
    private async Task<bool> ReadOnceAsync(HttpClient client, int enough)
    {
        var wasUnavailable = false;
        try
        {
            await using var stream = await SseStream.OpenAsync(client, path, lastEventId);
            while (events.Count < enough && await stream.ReadFrameAsync() is { } frame)
            {
                wasUnavailable = SseStream.IsUnavailable(frame);
                // html.spec.whatwg.org/multipage/server-sent-events.html: a frame counts when its empty line has come.
                lastEventId = frame.Split('\n').LastOrDefault(line => line.StartsWith("id: ", StringComparison.Ordinal))?[4..] ?? lastEventId;
                if (SseMessage.Parse(frame) is { } message)
                {
                    events.Add(message);
                    Received.Add();
                }
            }
        }
        catch (Exception ex) when (ex is IOException or InvalidDataException)
        {
            // The connection was cut, within a frame perhaps.
        }

        return wasUnavailable;
    }
}
