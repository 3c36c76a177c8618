namespace SseFunctions.EndToEnd.Browsers;

/// <summary>A browser, whatever drives it. One process serves all tests; its tabs share one profile.</summary>
public abstract class BrowserEngine : IEventSourceClient, IAsyncLifetime
{
    public abstract string? Absence { get; }

    /// <summary>Whether a page that has an EventSource when its visitor leaves goes into the back/forward cache; Firefox 153 keeps none.</summary>
    public virtual bool KeepsStreamingPages => true;

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task<BrowserTab> NewTabAsync();

    public virtual async Task<RecordedEventSource> OpenAsync(Uri baseAddress, string path, params string[] types) =>
        await TabEventSource.OpenAsync(await NewTabAsync(), baseAddress, path, types);

    public abstract Task DisposeAsync();
}
