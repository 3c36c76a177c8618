using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>A tab of any browser.</summary>
public abstract class BrowserTab : IAsyncDisposable
{
    /// <summary>Between two looks at a tab: not every driver lets a page report that something has happened.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public abstract Task GoToAsync(Uri address);

    public abstract Task GoBackAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs a JavaScript expression; where that is a promise, waits for its value.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression) =>
        JsonSerializer.Deserialize<JsonElement>(await EvaluateToJsonAsync(expression).WaitAsync(SseStream.Timeout) ?? "null");

    /// <summary>Waits until the expression is truthy.</summary>
    public async Task WaitUntilAsync(string condition)
    {
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        using var timer = new PeriodicTimer(Look, TimeProvider.System);
        try
        {
            while (!(await EvaluateAsync($"!!({condition})")).GetBoolean())
                await timer.WaitForNextTickAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Waited in vain for {condition}");
        }
    }

    /// <returns>The value as JSON; null for undefined.</returns>
    protected abstract Task<string?> EvaluateToJsonAsync(string expression);
}
