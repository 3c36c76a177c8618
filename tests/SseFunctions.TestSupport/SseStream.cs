using System.Text;

namespace SseFunctions.TestSupport;

/// <summary>
/// A stream as it comes over the wire, frame by frame, comments and all. What the server says by itself, between two frames, is
/// lines without an empty line after them: a reconnection time and its reason, or a lone colon.
/// </summary>
public sealed class SseStream : IAsyncDisposable
{
    /// <summary>Only to keep a test that has gone wrong from hanging.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <summary>The same for what takes long, such as a thousand requests, or faults and delays that are real.</summary>
    public static readonly TimeSpan LongTimeout = TimeSpan.FromMinutes(5);

    private readonly HttpResponseMessage response;
    private readonly StreamReader reader;

    /// <summary>The last frame: at the end of a stream its reason.</summary>
    private string? last;

    private SseStream(HttpResponseMessage response, StreamReader reader) => (this.response, this.reader) = (response, reader);

    public HttpResponseMessage Response => response;

    public static async Task<SseStream> OpenAsync(HttpClient client, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Timeout);
        return new SseStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8));
    }

    /// <summary>Opens a stream and reads up to where it begins: what is published from then on is in it.</summary>
    public static Task<SseStream> OpenLiveAsync(HttpClient client, string path) => RepeatAsync(client, path, null, async stream =>
    {
        while (await stream.ReadFrameAsync() is { } frame)
        {
            if (frame.StartsWith("id: ", StringComparison.Ordinal))
                return stream;
        }

        await stream.DisposeAsync();
        return null;
    });

    /// <summary>The first event of a stream.</summary>
    public static Task<SseMessage> FirstEventAsync(HttpClient client, string path, string? lastEventId = null) => RepeatAsync(client, path, lastEventId, async stream =>
    {
        await using (stream)
            return await stream.ReadEventAsync().WaitAsync(Timeout);
    });

    /// <summary>All frames of a stream that ends by itself.</summary>
    public static Task<IReadOnlyList<string>> PollAsync(HttpClient client, string path, string? lastEventId = null) => RepeatAsync<IReadOnlyList<string>>(client, path, lastEventId, async stream =>
    {
        await using (stream)
            return await stream.ReadToEndAsync();
    });

    /// <summary>Whether the server says with these words that storage was too slow, as it is on a busy machine.</summary>
    public static bool IsUnavailable(string words) => words.Contains("storage cannot be reached", StringComparison.Ordinal);

    /// <summary>The next frame without its empty line, or what the server says by itself; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">The stream ended within a frame, or something else stands in one.</exception>
    public async Task<string?> ReadFrameAsync()
    {
        var frame = await ReadNextAsync();
        last = frame ?? last;
        return frame;
    }

    /// <summary>The next frame that has data; null at the end of the stream.</summary>
    public async Task<SseMessage?> ReadEventAsync()
    {
        while (await ReadFrameAsync() is { } frame)
        {
            if (SseMessage.Parse(frame) is { } message)
                return message;
        }

        return null;
    }

    public async Task<IReadOnlyList<SseMessage>> ReadEventsAsync(int count)
    {
        var messages = new List<SseMessage>();
        while (messages.Count < count)
            messages.Add(await ReadEventAsync() ?? throw new InvalidDataException($"The stream ended after {messages.Count} of {count} events, the last words: {last}"));

        return messages;
    }

    /// <summary>All frames up to the end of the stream.</summary>
    public async Task<IReadOnlyList<string>> ReadToEndAsync()
    {
        var frames = new List<string>();
        while (await ReadFrameAsync() is { } frame)
            frames.Add(frame);

        return frames;
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads streams until one has what is asked for; only where storage was too slow is there another.</summary>
    private static async Task<T> RepeatAsync<T>(HttpClient client, string path, string? lastEventId, Func<SseStream, Task<T?>> readAsync)
        where T : class
    {
        using var timeout = new CancellationTokenSource(Timeout);
        while (true)
        {
            var stream = await OpenAsync(client, path, lastEventId);
            var found = await readAsync(stream);
            var isUnavailable = IsUnavailable(stream.last ?? "");
            if (found is not null && !isUnavailable)
                return found;

            if (!isUnavailable || timeout.IsCancellationRequested)
                throw new InvalidDataException($"{(int)stream.Response.StatusCode}: the stream has ended, its last words: {stream.last}");
        }
    }

    private async Task<string?> ReadNextAsync()
    {
        var frame = new StringBuilder();
        while (await reader.ReadLineAsync().WaitAsync(Timeout) is { } line)
        {
            if (line.Length == 0)
                return frame.Length > 0 ? frame.ToString() : throw new InvalidDataException("An empty line that ends nothing.");

            var isOwn = line[0] == ':' || line.StartsWith("retry: ", StringComparison.Ordinal);
            if (isOwn && frame.Length > 0)
                throw new InvalidDataException($"'{line}' stands within a frame: {frame}");

            if (isOwn)
                return line == ":" ? line : line + "\n" + await reader.ReadLineAsync().WaitAsync(Timeout);

            frame.Append(frame.Length > 0 ? "\n" : "").Append(line);
        }

        return frame.Length > 0 ? throw new InvalidDataException($"The stream ended within a frame: {frame}") : null;
    }
}
