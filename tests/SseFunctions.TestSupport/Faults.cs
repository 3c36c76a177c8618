namespace SseFunctions.TestSupport;

/// <summary>What can go wrong between this process and the table, for <see cref="StorageProxy.Intercept"/>.</summary>
public static class Faults
{
    /// <summary>The faults of the first transactions, one each; everything else passes.</summary>
    public static Func<StorageCall, Task> OnTransactions(params Func<StorageCall, Task>[] faults) =>
        On(call => call.IsTransaction, faults);

    public static Func<StorageCall, Task> On(Func<StorageCall, bool> isMeant, params Func<StorageCall, Task>[] faults)
    {
        var met = 0;
        return call => isMeant(call) && Interlocked.Increment(ref met) is var n && n <= faults.Length
            ? faults[n - 1](call)
            : StorageProxy.PassOnAsync(call);
    }

    /// <summary>The connection breaks before the request has reached the table.</summary>
    public static Task LoseRequestAsync(StorageCall call)
    {
        call.Reset();
        return Task.CompletedTask;
    }

    /// <summary>The connection breaks after the table has done the request.</summary>
    public static async Task LoseAnswerAsync(StorageCall call)
    {
        using var answer = await call.ForwardAsync();
        call.Reset();
    }

    /// <summary>The table answers a status and has done nothing.</summary>
    public static Func<StorageCall, Task> Refuse(int status) => call =>
    {
        call.Reply(status);
        return Task.CompletedTask;
    };

    /// <summary>The table has done the request, and then answers a status that says nothing of it.</summary>
    public static Func<StorageCall, Task> DoAndAnswer(int status) => async call =>
    {
        using var answer = await call.ForwardAsync();
        call.Reply(status);
    };

    /// <summary>The request is done while another one, of somebody else, comes in between.</summary>
    public static Func<StorageCall, Task> Before(Func<Task> other, Func<StorageCall, Task> then) => async call =>
    {
        await other();
        await then(call);
    };

    /// <summary>The table has done the request; before its answer is lost, somebody else does another one.</summary>
    public static Func<StorageCall, Task> LoseAnswerAfter(Func<Task> other) => async call =>
    {
        using var answer = await call.ForwardAsync();
        await other();
        call.Reset();
    };
}
