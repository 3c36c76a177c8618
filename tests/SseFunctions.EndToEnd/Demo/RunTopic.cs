using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>The topic of a run of the demo page.</summary>
internal static class RunTopic
{
    /// <returns>The topic's name.</returns>
    public static async Task<string> StartAsync(HttpClient client, int pieces, int rate)
    {
        using var answer = await client.PostAsync($"demo/runs?pieces={pieces}&rate={rate}", null).WaitAsync(SseStream.Timeout);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("topic").GetString()!;
    }

    /// <summary>The pieces that are in the log, together.</summary>
    public static async Task<string> CommittedTextAsync(HttpClient client, string topic)
    {
        var frames = await SseStream.PollAsync(client, $"events/{topic}?from=start&mode=poll");
        return string.Concat(SseMessage.In(frames).Where(message => message.Type == "piece").Select(message => message.Data));
    }
}
