using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>A log whose first transaction, of the event "held", is held back until whatever else a test appends waits after it.</summary>
internal sealed class HeldGroup : IAsyncDisposable
{
    private readonly StorageProxy proxy;
    private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> appends = [];
    private Func<StorageCall, Task>[] faults = [];
    private Func<StorageCall, Task> otherwise = StorageProxy.PassOnAsync;
    private int transactions;

    private HeldGroup(StorageProxy proxy, LogTable table)
    {
        (this.proxy, Table) = (proxy, table);
        (Log, Other) = (table.Through(proxy).Log(new PassingTime()), table.Log(new PassingTime()));
        proxy.Intercept = InterceptAsync;
    }

    public LogTable Table { get; }

    /// <summary>The log that groups.</summary>
    public TableEventLog Log { get; }

    /// <summary>The log of another process, which nothing holds back.</summary>
    public TableEventLog Other { get; }

    public static async Task<HeldGroup> StartAsync()
    {
        var group = new HeldGroup(await StorageProxy.StartAsync(), await LogTable.NewAsync());
        group.appends.Add(group.Log.AppendTextsAsync("held"));
        await group.held.Task.WaitAsync(SseStream.Timeout);
        return group;
    }

    /// <summary>What becomes of the transactions after the held one, one each.</summary>
    public void Then(params Func<StorageCall, Task>[] next) => faults = next;

    /// <summary>What becomes of all calls after the held one.</summary>
    public void Always(Func<StorageCall, Task> intercept) => otherwise = intercept;

    public Task<AppendResult> Append(params string[] texts) => AppendAsync([.. texts.Select(Event)], null);

    public Task<AppendResult> AppendOnce(string key, params string[] texts) => AppendAsync([.. texts.Select(Event)], key);

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, string? key, CancellationToken cancellationToken = default) =>
        AppendAsync(new Append(events) { IdempotencyKey = key }, cancellationToken);

    public Task<AppendResult> AppendAsync(Append asked, CancellationToken cancellationToken = default)
    {
        var append = Log.AppendAsync(Orders, asked, cancellationToken).WaitAsync(SseStream.Timeout, CancellationToken.None);
        appends.Add(append);
        return append;
    }

    /// <summary>Lets everything go on, to its end.</summary>
    /// <returns>How many transactions it took in all.</returns>
    public async Task<int> ReleaseAsync()
    {
        letGo.TrySetResult();
        await Task.WhenAll(appends.Select(append => Task.WhenAny(append)));
        return Volatile.Read(ref transactions);
    }

    public Task<IReadOnlyList<string>> ReadTextsAsync() => Other.ReadTextsAsync();

    public async ValueTask DisposeAsync()
    {
        letGo.TrySetResult();
        await proxy.DisposeAsync();
    }

    private async Task InterceptAsync(StorageCall call)
    {
        if (!call.IsTransaction)
        {
            await otherwise(call);
            return;
        }

        var number = Interlocked.Increment(ref transactions);
        if (number == 1)
        {
            held.SetResult();
            await letGo.Task;
            await StorageProxy.PassOnAsync(call);
            return;
        }

        await (number - 2 < faults.Length ? faults[number - 2] : otherwise)(call);
    }
}
