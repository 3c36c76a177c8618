using System.Text.Json;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>An EventSource in a tab of any browser. A proxy sees its requests, as not every driver reports them.</summary>
public sealed class TabEventSource : RecordedEventSource
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly BrowserTab tab;
    private readonly CuttingProxy? proxy;
    private readonly string path;
    private readonly CancellationTokenSource closed = new();
    private readonly SemaphoreSlim taking = new(1);
    private readonly Task looking;

    private TabEventSource(BrowserTab tab, CuttingProxy? proxy, string path)
    {
        (this.tab, this.proxy, this.path) = (tab, proxy, path);
        looking = Task.Run(LookAsync);
    }

    /// <summary>Opens a page of the API, seen through a proxy, and in it the EventSource.</summary>
    public static async Task<TabEventSource> OpenAsync(BrowserTab tab, Uri baseAddress, string path, params string[] types)
    {
        var proxy = CuttingProxy.Start(baseAddress);
        await tab.GoToAsync(new Uri(proxy.BaseAddress, "client.js")); // what Firefox shows of JSON may import nothing
        var stream = new Uri(proxy.BaseAddress, path);
        await ConnectAsync(tab, stream, false, types);
        return new TabEventSource(tab, proxy, stream.PathAndQuery);
    }

    /// <summary>Opens the EventSource in the tab's page.</summary>
    public static async Task<TabEventSource> OpenHereAsync(BrowserTab tab, Uri stream, bool withCredentials = false, params string[] types)
    {
        ArgumentNullException.ThrowIfNull(stream);
        await ConnectAsync(tab, stream, withCredentials, types);
        return new TabEventSource(tab, null, stream.PathAndQuery);
    }

    public override Task<IReadOnlyList<EventSourceRequest>> RequestsAsync() => Task.FromResult<IReadOnlyList<EventSourceRequest>>(
        [.. proxy!.Requests.Where(request => request.Target == path).Select(request => new EventSourceRequest(request.LastEventId, request.Status))]);

    public override async Task CloseAsync()
    {
        await tab.EvaluateAsync("source.close()");
        await TakeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await closed.CancelAsync();
        await looking;
        await tab.DisposeAsync();
        if (proxy is not null)
            await proxy.DisposeAsync();

        closed.Dispose();
        taking.Dispose();
    }

    private static async Task ConnectAsync(BrowserTab tab, Uri stream, bool withCredentials, string[] types)
    {
        ArgumentNullException.ThrowIfNull(tab);
        var script = await File.ReadAllTextAsync(Path.Combine(NodeFolder.FullName, "record.mjs"));
        await tab.EvaluateAsync($$"""
            import('data:text/javascript,' + encodeURIComponent({{JsonSerializer.Serialize(script)}})).then(({ record }) => {
              window.steps = [];
              window.source = new EventSource({{JsonSerializer.Serialize(stream.AbsoluteUri)}}, { withCredentials: {{(withCredentials ? "true" : "false")}} });
              record(source, {{JsonSerializer.Serialize(types)}}, step => steps.push(step));
            })
            """);
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(Look, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(closed.Token))
                await TakeAsync();
        }
        catch (OperationCanceledException)
        {
            // It is closed.
        }
    }

    /// <summary>Takes the steps so far, in their order.</summary>
    private async Task TakeAsync()
    {
        await taking.WaitAsync();
        try
        {
            foreach (var step in (await tab.EvaluateAsync("steps.splice(0)")).EnumerateArray())
                Add(EventSourceStep.From(step));
        }
        finally
        {
            taking.Release();
        }
    }
}
