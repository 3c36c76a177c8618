namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>A time in which nobody reads and nobody publishes.</summary>
internal sealed class Intermission
{
    private volatile TaskCompletionSource? over;

    public bool IsNow => over is not null;

    /// <summary>Waits until there is none.</summary>
    public Task IsOverAsync() => over?.Task ?? Task.CompletedTask;

    public void Begin() => over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void End()
    {
        var ended = over;
        over = null;
        ended?.SetResult();
    }
}
