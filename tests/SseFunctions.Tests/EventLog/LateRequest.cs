using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>A transaction whose connection breaks, and which reaches the table all the same, when the test says so.</summary>
internal sealed class LateRequest
{
    private readonly TaskCompletionSource letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task HoldAsync(StorageCall call)
    {
        call.Reset();
        await letGo.Task;
        using var answer = await call.ForwardAsync();
        arrived.SetResult(await answer.Content.ReadAsStringAsync());
    }

    /// <returns>"409" or "412" when the table refused it; null when it was done.</returns>
    public async Task<string?> ArriveAsync()
    {
        letGo.TrySetResult();
        var answer = await arrived.Task.WaitAsync(SseStream.Timeout);
        return answer.Contains("HTTP/1.1 409", StringComparison.Ordinal) ? "409"
            : answer.Contains("HTTP/1.1 412", StringComparison.Ordinal) ? "412"
            : null;
    }
}
