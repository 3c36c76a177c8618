namespace SseFunctions.TestSupport;

/// <summary>An event as a client gets it.</summary>
public sealed record SseMessage(string? Id, string Type, string Data)
{
    /// <returns>Null for a frame without data.</returns>
    public static SseMessage? Parse(string frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var fields = frame.Split('\n').Where(line => line[0] != ':').Select(line => line.Split(": ", 2)).ToList();
        var data = fields.Where(field => field[0] == "data").Select(field => field[1]).ToList();
        return data.Count == 0 ? null : new SseMessage(Value("id"), Value("event") ?? "message", string.Join('\n', data));

        string? Value(string name) => fields.LastOrDefault(field => field[0] == name)?[1];
    }
}
