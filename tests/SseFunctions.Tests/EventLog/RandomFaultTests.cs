using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Promises 1 and 2 under faults nobody thought of one by one. A failure names the seed that repeats its choices.</summary>
public sealed class RandomFaultTests
{
    private const int Writers = 2;
    private const int AppendsOfEach = 150;

    /// <summary>Of 100 calls, how many go wrong. The storage client waits 200 ms after most of them.</summary>
    private const int FaultPercent = 8;

    [Fact]
    public async Task AppendAsync_writes_each_event_once_when_calls_fail_at_random()
    {
        var seed = Random.Shared.Next();
        try
        {
            await RunAsync(new Random(seed));
        }
        catch (Exception fault)
        {
            Assert.Fail($"With seed {seed}: {fault}");
        }
    }

    private static async Task RunAsync(Random random)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var held = new List<TaskCompletionSource>();
        var arrivals = new List<Task>();
        proxy.Intercept = InterceptAsync;

        var writers = Enumerable.Range(0, Writers).Select(writer => WriteAsync(table.Through(proxy).Log(new PassingTime()), writer));
        var acknowledged = (await Task.WhenAll(writers).WaitAsync(SseStream.Patience)).SelectMany(appends => appends).ToList();
        proxy.Intercept = null;
        held.ForEach(request => request.TrySetResult());
        await Task.WhenAll(arrivals).WaitAsync(SseStream.Patience);

        // Exactly the events acknowledged, each where its append said, and no other.
        var texts = await table.Log().ReadTextsAsync();
        Assert.Equal(Writers * AppendsOfEach, acknowledged.Count);
        Assert.Equal(acknowledged.OrderBy(append => append.Sequence).Select(append => append.Text), texts);

        Task InterceptAsync(StorageCall call)
        {
            lock (random)
            {
                // Requests given up for lost arrive some calls later.
                if (held.Count > 0 && random.Next(4) == 0)
                {
                    held[0].TrySetResult();
                    held.RemoveAt(0);
                }

                return random.Next(100) >= FaultPercent ? StorageProxy.PassOnAsync(call) : random.Next(5) switch
                {
                    0 => Faults.LoseRequestAsync(call),
                    1 => Faults.Refuse(500)(call),
                    2 => Faults.DoAndAnswer(503)(call),
                    3 when call.IsTransaction => Hold(call),
                    _ => Faults.LoseAnswerAsync(call),
                };
            }
        }

        Task Hold(StorageCall call)
        {
            var letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            held.Add(letGo);
            call.Reset();
            var arrival = ArriveAsync();
            arrivals.Add(arrival);
            return arrival;

            async Task ArriveAsync()
            {
                await letGo.Task;
                using var answer = await call.ForwardAsync();
            }
        }
    }

    private static async Task<List<(long Sequence, string Text)>> WriteAsync(TableEventLog log, int writer)
    {
        var appends = new List<(long, string)>();
        for (var n = 0; n < AppendsOfEach; n++)
        {
            var text = $"{writer}.{n}";
            // Some with a key, which adds a row to the transaction and a read to the retry.
            var result = n % 3 == 0 ? await log.AppendOnceAsync(text, text) : await log.AppendTextsAsync(text);
            appends.Add((result.First, text));
        }

        return appends;
    }
}
