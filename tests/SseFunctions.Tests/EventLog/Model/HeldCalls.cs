using System.Threading.Channels;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// The requests of one process to the table, each held until the model says what becomes of it. What the model leaves out, since it
/// changes nothing that matters, passes: the list of topics, and a trimmer's reads of the age of events and of keys.
/// </summary>
internal sealed class HeldCalls : IAsyncDisposable
{
    private readonly StorageProxy proxy;
    private readonly Channel<(StorageCall Call, TaskCompletionSource<Func<StorageCall, Task>> Fate)> held = Channel.CreateUnbounded<(StorageCall, TaskCompletionSource<Func<StorageCall, Task>>)>();
    private readonly bool isTrimmer;
    private volatile bool isDead;

    private HeldCalls(StorageProxy proxy, bool isTrimmer)
    {
        (this.proxy, this.isTrimmer) = (proxy, isTrimmer);
        proxy.Intercept = HoldAsync;
    }

    public string ConnectionString => proxy.ConnectionString;

    public static async Task<HeldCalls> StartAsync(bool isTrimmer) => new(await StorageProxy.StartAsync(), isTrimmer);

    /// <summary>Lets the next request meet its fate; fails when it is another than the model's.</summary>
    /// <param name="expected">The model's.</param>
    /// <param name="fate">What becomes of it.</param>
    /// <param name="isLate">Whether that takes longer than anybody waits.</param>
    public async Task LetAsync(Does expected, Func<StorageCall, Task> fate, bool isLate = false)
    {
        var (call, decided) = await held.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
        Assert.Equal(expected, Kind(call));
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        decided.SetResult(async held =>
        {
            try
            {
                await fate(held);
                done.TrySetResult();
            }
            catch (Exception ex)
            {
                done.TrySetException(ex); // one that the model does not have
                throw;
            }
        });
        if (!isLate)
            await done.Task.WaitAsync(SseStream.Timeout);
    }

    /// <summary>The process is dead: nothing of it reaches the table any more.</summary>
    public void Die()
    {
        isDead = true;
        while (held.Reader.TryRead(out var call))
            call.Fate.TrySetResult(Faults.LoseRequestAsync); // a request that came as it died may be lost already
    }

    public async ValueTask DisposeAsync()
    {
        Die();
        await proxy.DisposeAsync();
    }

    private async Task HoldAsync(StorageCall call)
    {
        if (isDead)
        {
            call.Reset();
            return;
        }

        if (Kind(call) is null)
        {
            await StorageProxy.PassOnAsync(call);
            return;
        }

        var fate = new TaskCompletionSource<Func<StorageCall, Task>>(TaskCreationOptions.RunContinuationsAsynchronously);
        await held.Writer.WriteAsync((call, fate));
        if (isDead)
            fate.TrySetResult(Faults.LoseRequestAsync);

        await (await fate.Task)(call);
    }

    /// <returns>Null for what the model leaves out.</returns>
    private Does? Kind(StorageCall call)
    {
        var path = Uri.UnescapeDataString(call.PathAndQuery);
        if (call.IsTransaction)
            return isTrimmer ? Does.DeleteRows : Does.Append;

        if (call.IsQuery)
            return Does.QueryRows;

        if (path.Contains($"PartitionKey='{TopicRows.Partition}'", StringComparison.Ordinal))
            return null;

        if (path.Contains($"RowKey='{LogRows.HeadKey}'", StringComparison.Ordinal))
            return call.Method == "GET" ? Does.ReadHead : isTrimmer ? Does.MoveFirst : Does.Fence;

        return isTrimmer ? null
            : path.Contains($"RowKey='{LogRows.KeyPrefix}", StringComparison.Ordinal) ? Does.ReadKey
            : Does.ReadRow;
    }
}
