using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>Topics of many bytes, published in as few requests as it takes.</summary>
internal static class LargeTopic
{
    public const int EventBytes = 60_000;

    /// <summary>Of one request: its data has 2.75 MiB at most.</summary>
    public const int EventsAtOnce = 45;

    /// <returns>The ids of its events.</returns>
    public static async Task<IReadOnlyList<string>> PublishAsync(HttpClient client, string topic, int megabytes)
    {
        var ids = new List<string>();
        for (var left = megabytes * 1_000_000 / EventBytes; left > 0; left -= EventsAtOnce)
        {
            var events = Math.Min(left, EventsAtOnce);
            using var answer = await client.SendUntilAvailableAsync(() => Request(topic, events));
            answer.EnsureSuccessStatusCode();
            var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
            ids.AddRange(json.GetProperty("ids").EnumerateArray().Select(id => id.GetString()!));
        }

        return ids;
    }

    /// <param name="events">How many to publish at once: <see cref="EventsAtOnce"/> at most.</param>
    public static HttpRequestMessage Request(string topic, int events)
    {
        var line = $$"""{"data":"{{new string('x', EventBytes)}}"}""";
        return new(HttpMethod.Post, $"events/{topic}")
        {
            Content = new StringContent(string.Join('\n', Enumerable.Repeat(line, events)), Encoding.UTF8, "application/x-ndjson"),
        };
    }
}
