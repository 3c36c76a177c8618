using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>What a publisher calls.</summary>
internal static class TopicApi
{
    /// <summary>Between two looks at how many streams are open.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>A topic that no other test, and no other run, uses.</summary>
    public static string NewTopic() => $"e2e-{Guid.NewGuid():N}";

    public static Task<HttpResponseMessage> PostEventAsync(this HttpClient client, string topic, string body, string mediaType = "text/plain", string? type = null) =>
        client.SendAsync(EventRequest(topic, body, mediaType, type)).WaitAsync(SseStream.Timeout);

    /// <returns>The event's id.</returns>
    public static async Task<string> PublishAsync(this HttpClient client, string topic, string body, string mediaType = "text/plain", string? type = null)
    {
        var tries = 0;
        using var answer = await client.SendUntilAvailableAsync(() =>
        {
            tries++;
            return EventRequest(topic, body, mediaType, type);
        });
        Assert.True(answer.StatusCode == HttpStatusCode.Created || (answer.StatusCode == HttpStatusCode.OK && tries > 1), $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return Assert.Single(json.GetProperty("ids").EnumerateArray()).GetString()!;
    }

    /// <summary>Publishes texts one by one.</summary>
    /// <returns>Their ids.</returns>
    public static async Task<IReadOnlyList<string>> PublishAllAsync(this HttpClient client, string topic, params string[] texts)
    {
        var ids = new List<string>();
        foreach (var text in texts)
            ids.Add(await client.PublishAsync(topic, text));

        return ids;
    }

    public static async Task<JsonElement> GetTopicAsync(this HttpClient client, string topic)
    {
        using var answer = await client.SendUntilAvailableAsync(() => new(HttpMethod.Get, $"topics/{topic}"));
        return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
    }

    public static async Task CompleteAsync(this HttpClient client, string topic)
    {
        using var answer = await client.SendUntilAvailableAsync(() => new(HttpMethod.Post, $"topics/{topic}/complete"));
        answer.EnsureSuccessStatusCode();
    }

    public static async Task DeleteTopicAsync(this HttpClient client, string topic)
    {
        using var answer = await client.SendUntilAvailableAsync(() => new(HttpMethod.Delete, $"topics/{topic}"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    /// <summary>Waits until so many streams are open.</summary>
    public static Task WaitForOpenStreamsAsync(this HttpClient client, int expected) => client.WaitForOpenStreamsAsync(expected, expected);

    /// <summary>Waits until so many streams are open, or up to so many.</summary>
    public static async Task WaitForOpenStreamsAsync(this HttpClient client, int min, int max)
    {
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        using var timer = new PeriodicTimer(Look, TimeProvider.System);
        int open;
        while ((open = await client.GetOpenStreamsAsync()) < min || open > max)
        {
            Assert.False(timeout.IsCancellationRequested, $"{open} streams are open, not {min} to {max}.");
            await timer.WaitForNextTickAsync();
        }
    }

    public static async Task<int> GetOpenStreamsAsync(this HttpClient client)
    {
        using var answer = await client.GetAsync("health").WaitAsync(SseStream.Timeout); // 503 when storage is slow, with the count all the same
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("streams").GetInt32();
    }

    /// <summary>Sends the request, and sends it again with the same Idempotency-Key while it is answered 503: storage is slow on a machine that is.</summary>
    /// <returns>Another answer, or the last 503.</returns>
    public static async Task<HttpResponseMessage> SendUntilAvailableAsync(this HttpClient client, Func<HttpRequestMessage> newRequest)
    {
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        var key = Guid.NewGuid().ToString();
        while (true)
        {
            using var request = newRequest();
            request.Headers.Add("Idempotency-Key", key);
            var answer = await client.SendAsync(request).WaitAsync(SseStream.Timeout);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || timeout.IsCancellationRequested)
                return answer;

            answer.Dispose();
        }
    }

    private static HttpRequestMessage EventRequest(string topic, string body, string mediaType, string? type) =>
        new(HttpMethod.Post, $"events/{topic}" + (type is null ? "" : $"?type={Uri.EscapeDataString(type)}")) { Content = new StringContent(body, Encoding.UTF8, mediaType) };
}
