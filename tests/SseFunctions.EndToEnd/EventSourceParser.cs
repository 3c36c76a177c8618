using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>npm's eventsource-parser, run by node.</summary>
internal static class EventSourceParser
{
    public static async Task<IReadOnlyList<SseMessage>> ParseAsync(byte[] stream)
    {
        var lines = (await NodeFolder.RunAsync(stream, "parse.mjs")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonSerializer.Deserialize<string[]>(line)!).Select(e => new SseMessage(e[0], e[1], e[2]))];
    }
}
