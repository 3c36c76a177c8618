using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Storage that does not answer, or refuses: one domain exception, in good time, which tells no secret.</summary>
public sealed class UnavailableTests
{
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan TimeOfEachCall = TimeSpan.FromSeconds(6);

    /// <summary>The storage client tries three times by itself, and the log waits for up to a second.</summary>
    private static readonly TimeSpan MaxRound = (3 * TimeOfEachCall) + TimeSpan.FromSeconds(1);

    public enum Trouble
    {
        Status503,
        Status500,
        Status429,
        NoAnswer,
    }

    [Theory]
    [InlineData(Trouble.Status503, false)]
    [InlineData(Trouble.Status503, true)]
    [InlineData(Trouble.Status500, true)]
    [InlineData(Trouble.Status429, true)]
    [InlineData(Trouble.NoAnswer, false)]
    [InlineData(Trouble.NoAnswer, true)]
    public async Task AppendAsync_gives_up_after_its_timeout_when_storage_is_down(Trouble trouble, bool headIsKnown)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var time = new PassingTime();
        var log = table.Through(proxy).Log(time);
        await (headIsKnown ? log : table.Log()).AppendTextsAsync("before");
        proxy.Intercept = call =>
        {
            time.Advance(TimeOfEachCall);
            return Does(trouble)(call);
        };
        var start = time.GetTimestamp();

        var fault = await Assert.ThrowsAsync<EventLogUnavailableException>(() => log.AppendOnceAsync("secret key", "secret"));

        Assert.InRange(time.GetElapsedTime(start), WriteTimeout, WriteTimeout + MaxRound);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
        proxy.Intercept = null;
        Assert.Equal(2, (await log.AppendTextsAsync("after")).First);
        Assert.Equal(["before", "after"], await table.Log().ReadTextsAsync());
    }

    [Fact]
    public async Task CompleteAsync_gives_up_after_its_timeout_when_storage_is_down()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var time = new PassingTime();
        proxy.Intercept = call =>
        {
            time.Advance(TimeOfEachCall);
            return Does(Trouble.Status503)(call);
        };
        var start = time.GetTimestamp();

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => table.Through(proxy).Log(time).CompleteAsync());

        Assert.InRange(time.GetElapsedTime(start), WriteTimeout, WriteTimeout + MaxRound);
    }

    /// <summary>A table that is made and made, and yet not there, must not be asked for without pause or end.</summary>
    [Fact]
    public async Task AppendAsync_gives_up_after_its_timeout_when_the_table_stays_missing()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var time = new PassingTime();
        proxy.Intercept = call =>
        {
            time.Advance(TimeOfEachCall);
            return call.PathAndQuery.Contains("/Tables", StringComparison.Ordinal)
                ? StorageProxy.PassOnAsync(call)
                : StorageErrors.ReplyAsync(call, 404, "TableNotFound");
        };
        using var hang = new CancellationTokenSource();
        var append = table.Through(proxy).Log(time).AppendAsync(Orders, [Event("a")], null, hang.Token);
        try
        {
            await Assert.ThrowsAsync<EventLogUnavailableException>(() => append.WaitAsync(SseStream.Timeout));
        }
        finally
        {
            await hang.CancelAsync();
        }
    }

    [Fact]
    public async Task Every_call_fails_when_nothing_listens()
    {
        // No call comes anywhere that could move the clock: looking at it does.
        var time = new PassingTime { AutoAdvanceAmount = WriteTimeout };
        using var nobody = new ClosedPort();
        var table = new LogTable(nobody.ConnectionString, TestStorage.NewTableName());
        var log = table.Log(time);

        Task[] calls =
        [
            log.AppendTextsAsync("a"),
            log.CompleteAsync(),
            log.HeadAsync(),
            log.ReadAsync(Orders, "epoch1", 1, 2, CancellationToken.None),
            ListAsync(),
            log.PingAsync(CancellationToken.None),
            table.Trimmer(time).TrimAsync(maxEvents: 1),
        ];

        foreach (var call in calls)
            await Assert.ThrowsAsync<EventLogUnavailableException>(() => call.WaitAsync(SseStream.Timeout));

        async Task ListAsync()
        {
            await foreach (var topic in log.TopicsAsync(CancellationToken.None))
                Assert.Fail(topic.Name);
        }
    }

    /// <summary>A refusal will not pass: waiting would only hide it.</summary>
    [Theory]
    [InlineData(400, "InvalidInput")]
    [InlineData(401, "NoAuthenticationInformation")]
    [InlineData(403, "AuthorizationFailure")]
    [InlineData(413, "RequestBodyTooLarge")]
    public async Task AppendAsync_fails_at_once_when_the_write_is_refused(int status, string code)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        await log.AppendTextsAsync("before");
        var (reads, writes) = (proxy.Reads, proxy.Writes);
        // The service may quote what it was sent.
        proxy.Intercept = call => StorageErrors.ReplyAsync(call, status, code, "It is about 'secret' with 'secret key'.");

        var fault = await Assert.ThrowsAsync<EventLogUnavailableException>(() => log.AppendOnceAsync("secret key", "secret"));

        Assert.Equal((reads, writes + 1), (proxy.Reads, proxy.Writes));
        Assert.Contains($"{status} {code}", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reads_fail_at_once_when_they_are_refused()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var log = (await LogTable.NewAsync()).Through(proxy).Log(new PassingTime());
        proxy.Intercept = call => StorageErrors.ReplyAsync(call, 403, "AuthorizationFailure");

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => log.HeadAsync());
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => log.ReadAsync(Orders, "epoch1", 1, 2, CancellationToken.None));
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => log.PingAsync(CancellationToken.None));
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => log.AppendTextsAsync("a")); // its read of the head

        Assert.Equal((4, 0), (proxy.Reads, proxy.Writes));
    }

    /// <summary>A caller that leaves is no fault of storage, and its place in the line is free for the next.</summary>
    [Fact]
    public async Task AppendAsync_is_cancelled_when_the_caller_leaves()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log();
        await log.AppendTextsAsync("before");
        using var leaves = new CancellationTokenSource();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Intercept = Faults.OnTransactions(async call =>
        {
            held.SetResult();
            await letGo.Task;
            await Faults.LoseRequestAsync(call);
        });

        var writing = log.AppendAsync(Orders, [Event("a")], null, leaves.Token);
        await held.Task.WaitAsync(SseStream.Timeout);
        var waiting = log.AppendAsync(Orders, [Event("b")], null, leaves.Token);
        var next = log.AppendTextsAsync("c");
        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(SseStream.Timeout));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(SseStream.Timeout));
        Assert.Equal(2, (await next).First);
        letGo.SetResult();
        Assert.Equal(["before", "c"], await table.Log().ReadTextsAsync());
    }

    private static Func<StorageCall, Task> Does(Trouble trouble) => trouble switch
    {
        Trouble.Status503 => Faults.Refuse(503),
        Trouble.Status500 => Faults.Refuse(500),
        Trouble.Status429 => Faults.Refuse(429),
        Trouble.NoAnswer => Faults.LoseRequestAsync,
        _ => throw new ArgumentOutOfRangeException(nameof(trouble)),
    };
}
