namespace SseFunctions.EndToEnd.Support;

/// <summary>One of a kind for all test classes that run at the same time: made for the first that needs it, ended after the last.</summary>
internal sealed class Shared<T>(Func<Task<T>> startAsync)
    where T : IAsyncDisposable
{
    private readonly Lock gate = new();
    private Task<T>? started;
    private int users;

    public Task<T> AcquireAsync()
    {
        lock (gate)
        {
            users++;
            return started ??= startAsync();
        }
    }

    /// <summary>To be called once for each time that it was acquired.</summary>
    public async Task ReleaseAsync()
    {
        Task<T> unused;
        lock (gate)
        {
            if (--users > 0)
                return;

            (unused, started) = (started!, null);
        }

        if (unused.IsCompletedSuccessfully)
            await (await unused).DisposeAsync();
    }
}
