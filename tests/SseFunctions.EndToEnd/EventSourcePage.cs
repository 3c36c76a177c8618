using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>A page of the host with an EventSource, whose every step is the browser's own.</summary>
internal sealed class EventSourcePage : IAsyncDisposable
{
    private const string Connect = """
        ([url, types]) => {
          window.seen = [];
          window.opened = window.failed = 0;
          window.source = new EventSource(url);
          source.onopen = () => opened++;
          source.onerror = () => failed++;
          for (const type of types)
            source.addEventListener(type, event => seen.push([event.lastEventId, event.type, event.data]));
        }
        """;

    private readonly IPage page;
    private readonly ConcurrentQueue<IRequest> requests = [];

    private EventSourcePage(IPage page, Uri stream)
    {
        this.page = page;
        page.Request += (_, request) =>
        {
            if (request.Url == stream.AbsoluteUri)
                requests.Enqueue(request);
        };
    }

    /// <summary>Opens any page of the host, so that its streams are of the same origin, and connects.</summary>
    public static async Task<EventSourcePage> OpenAsync(Browser browser, Uri baseAddress, string path, params string[] types)
    {
        var page = await browser.NewPageAsync();
        var opened = new EventSourcePage(page, new Uri(baseAddress, path));
        await page.GotoAsync(new Uri(baseAddress, "health").AbsoluteUri);
        await page.EvaluateAsync(Connect, new object[] { path, types.Concat(["message", "sse.reset"]).ToArray() });
        return opened;
    }

    /// <summary>Waits for so many dispatched events and returns all.</summary>
    public async Task<IReadOnlyList<SseMessage>> ReadEventsAsync(int count)
    {
        await WaitUntilAsync($"seen.length >= {count.ToString(CultureInfo.InvariantCulture)}");
        return [.. (await page.EvaluateAsync<JsonElement>("seen")).EnumerateArray().Select(e => new SseMessage(e[0].GetString(), e[1].GetString()!, e[2].GetString()!))];
    }

    /// <summary>Waits until connections have been opened so often.</summary>
    public Task WaitUntilOpenedAsync(int times) => WaitUntilAsync($"opened >= {times.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Waits until the EventSource has no connection and is about to make another.</summary>
    public Task WaitUntilReconnectingAsync() => WaitUntilAsync("source.readyState === EventSource.CONNECTING && failed > 0");

    /// <summary>Waits until the EventSource has given up for good.</summary>
    public Task WaitUntilClosedAsync() => WaitUntilAsync("source.readyState === EventSource.CLOSED");

    /// <summary>Closes the EventSource.</summary>
    public Task CloseAsync() => page.EvaluateAsync("source.close()");

    /// <summary>The Last-Event-ID of each request; null where there was none.</summary>
    public async Task<IReadOnlyList<string?>> LastEventIdsAsync()
    {
        // The browser's network stack adds the header, so only the headers as sent have it.
        var sent = await Task.WhenAll(requests.Select(request => request.AllHeadersAsync())).WaitAsync(SseStream.Patience);
        return [.. sent.Select(headers => headers.GetValueOrDefault("last-event-id"))];
    }

    /// <summary>The status of the last answer.</summary>
    public async Task<int?> LastStatusAsync() => (await requests.Last().ResponseAsync())?.Status;

    public async ValueTask DisposeAsync() => await page.CloseAsync();

    private Task<IJSHandle> WaitUntilAsync(string condition) => page.WaitForFunctionAsync($"() => {condition}");
}
