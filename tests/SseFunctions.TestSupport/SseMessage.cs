namespace SseFunctions.TestSupport;

/// <summary>An event as a client gets it.</summary>
public sealed record SseMessage(string? Id, string Type, string Data)
{
    /// <summary>The frame that only says where the stream is.</summary>
    /// <param name="id">Where it is.</param>
    public static string CursorFrame(string id) => $"id: {id}\nevent: sse.cursor\ndata: {{}}";

    /// <summary>The events among frames.</summary>
    public static IEnumerable<SseMessage> In(IEnumerable<string> frames) => frames.Select(Parse).OfType<SseMessage>();

    /// <returns>Null for a frame that is no event: it has no data, or only moves the client's cursor.</returns>
    public static SseMessage? Parse(string frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var fields = frame.Split('\n').Where(line => line[0] != ':').Select(line => line.Split(": ", 2)).ToList();
        var data = fields.Where(field => field[0] == "data").Select(field => field[1]).ToList();
        return data.Count == 0 || Value("event") == "sse.cursor" ? null : new SseMessage(Value("id"), Value("event") ?? "message", string.Join('\n', data));

        string? Value(string name) => fields.LastOrDefault(field => field[0] == name)?[1];
    }
}
