using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>What subscribers to the log's writes do is their own matter: it neither fails nor repeats a write.</summary>
public sealed class WrittenTests
{
    public static TheoryData<Exception> Faults() => [new OperationCanceledException(), new IOException("A subscriber's."), new EventLogUnavailableException("A subscriber's."), new InvalidOperationException()];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task AppendAsync_answers_and_writes_once_when_a_subscriber_fails(Exception ex)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        await log.AppendTextsAsync("before");
        var (reads, writes) = (proxy.Reads, proxy.Writes);
        log.Written += (_, _, _) => throw ex;

        var result = await log.AppendTextsAsync("a");

        Assert.Equal((AppendOutcome.Appended, 2), (result.Outcome, result.First));
        Assert.Equal((reads, writes + 1), (proxy.Reads, proxy.Writes)); // nothing is tried again, nor asked
        Assert.True((await log.CompleteAsync()).Complete);
        Assert.Equal(["before", "a"], await table.Log().ReadTextsAsync());
    }

    /// <summary>A publisher that has its answer finds its event on a stream of the same process.</summary>
    [Fact]
    public async Task Written_is_raised_before_the_publisher_is_answered()
    {
        var log = (await LogTable.NewAsync()).Log();
        var goesOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var raised = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        log.Written += (_, _, _) =>
        {
            raised.SetResult();
            goesOn.Task.Wait();
        };

        var append = Task.Run(() => log.AppendTextsAsync("a"));
        await raised.Task.WaitAsync(SseStream.Timeout);

        Assert.False(append.IsCompleted);
        goesOn.SetResult();
        await append;
    }
}
