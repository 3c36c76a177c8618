using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>A page in Chromium with an EventSource, whose every step is the browser's own.</summary>
public sealed class EventSourcePage : RecordedEventSource
{
    private const string Connect = """
        async ([script, url, init, types]) => {
          const { record } = await import('data:text/javascript,' + encodeURIComponent(script));
          const untold = [];
          let isTelling = false;
          window.source = new EventSource(url, init);
          record(source, types, async step => {
            untold.push(step);
            if (isTelling)
              return;

            isTelling = true;
            while (untold.length > 0)
              await tell(JSON.stringify(untold.splice(0)));
            isTelling = false;
          });
        }
        """;

    private readonly IPage page;
    private readonly ConcurrentQueue<IRequest> requests = [];
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? url;

    private EventSourcePage(IPage page)
    {
        this.page = page;
        page.Request += (_, request) =>
        {
            if (request.Url != url)
                return;

            requests.Enqueue(request);
            asked.TrySetResult();
        };
    }

    /// <param name="page">Any page of the browser.</param>
    /// <param name="baseAddress">Of the host whose page it becomes: its streams are of the same origin, others' are not.</param>
    public static async Task<EventSourcePage> GoToAsync(IPage page, Uri baseAddress)
    {
        ArgumentNullException.ThrowIfNull(page);
        var opened = new EventSourcePage(page);
        await page.ExposeFunctionAsync<string>("tell", opened.Take);
        await page.GotoAsync(new Uri(baseAddress, "health").AbsoluteUri);
        return opened;
    }

    /// <summary>Opens the EventSource.</summary>
    /// <param name="stream">Its URL.</param>
    /// <param name="withCredentials">Whether cookies go to another origin.</param>
    /// <param name="types">The events to listen to, besides message and sse.reset.</param>
    public async Task ConnectAsync(Uri stream, bool withCredentials = false, params string[] types)
    {
        ArgumentNullException.ThrowIfNull(stream);
        url = stream.AbsoluteUri;
        var script = await File.ReadAllTextAsync(Path.Combine(NodeFolder.FullName, "record.mjs"));
        await page.EvaluateAsync(Connect, new object[] { script, url, new { withCredentials }, types });
    }

    /// <summary>Waits until it has asked for the stream, answered or not.</summary>
    public Task WaitUntilAskedAsync() => asked.Task.WaitAsync(SseStream.Timeout);

    public Task SetCookieAsync(string cookie) => page.EvaluateAsync("cookie => { document.cookie = cookie; }", cookie);

    /// <summary>Takes the network from the page's profile, or gives it back.</summary>
    public Task SetOfflineAsync(bool isOffline) => page.Context.SetOfflineAsync(isOffline);

    public override async Task<IReadOnlyList<EventSourceRequest>> RequestsAsync()
    {
        // The browser's network stack adds the header, so only the headers as sent have it.
        return await Task.WhenAll(requests.Select(async request => new EventSourceRequest(
            (await request.AllHeadersAsync()).GetValueOrDefault("last-event-id"), (await request.ResponseAsync())?.Status))).WaitAsync(SseStream.Timeout);
    }

    public override Task CloseAsync() => page.EvaluateAsync("source.close()");

    public override async ValueTask DisposeAsync() => await page.CloseAsync();

    private void Take(string steps)
    {
        foreach (var step in JsonSerializer.Deserialize<JsonElement>(steps).EnumerateArray())
            Add(EventSourceStep.From(step));
    }
}
