using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>npm's eventsource-parser, run by node.</summary>
internal static class EventSourceParser
{
    /// <param name="stream">The response's bytes.</param>
    /// <param name="chunks">The sizes in bytes of the chunks in which it gets them, over and over; null for what comes.</param>
    public static async Task<IReadOnlyList<SseMessage>> ParseAsync(ReadOnlyMemory<byte> stream, IReadOnlyList<int>? chunks)
    {
        string[] arguments = chunks is null ? ["parse.mjs"] : ["parse.mjs", string.Join(',', chunks)];
        var lines = (await NodeFolder.RunAsync(stream, arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonSerializer.Deserialize<string[]>(line)!).Select(e => new SseMessage(e[0], e[1], e[2]))];
    }
}
