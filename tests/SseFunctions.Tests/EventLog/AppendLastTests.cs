using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>An append that completes its topic: the events and the end are one transaction, so both are there or neither.</summary>
public sealed class AppendLastTests
{
    /// <summary>Each way in which a transaction can fail, so many times in a row.</summary>
    public static TheoryData<string, int> Faulty() => new()
    {
        { nameof(Faults.LoseRequestAsync), 1 },
        { nameof(Faults.LoseAnswerAsync), 1 },
        { nameof(Faults.LoseAnswerAsync), 3 },
        { nameof(Faults.Refuse), 3 },
        { nameof(Faults.DoAndAnswer), 1 },
    };

    [Theory]
    [MemberData(nameof(Faulty))]
    public async Task AppendAsync_writes_the_last_events_and_the_end_once_when_transactions_fail(string fault, int times)
    {
        foreach (var isFirst in (bool[])[false, true])
        {
            await using var proxy = await StorageProxy.StartAsync();
            var table = await LogTable.NewAsync();
            var log = table.Through(proxy).Log(new PassingTime());
            if (!isFirst)
                await log.AppendTextsAsync("before");

            var written = new List<(TopicHead Head, IReadOnlyList<StoredEvent> Events)>();
            log.Written += (_, head, events) => written.Add((head, events));
            proxy.Intercept = Faults.OnTransactions([.. Enumerable.Repeat(Does(fault), times)]);

            var result = await log.AppendLastAsync("key", "a", "b");

            var before = isFirst ? (string[])[] : ["before"];
            Assert.Equal((AppendOutcome.Appended, before.Length + 1, before.Length + 2), (result.Outcome, result.First, result.Last));
            Assert.Equal([.. before, "a", "b"], await table.Log().ReadTextsAsync());
            var head = await table.Log().HeadAsync();
            Assert.True(head!.Complete);
            var (toldHead, toldEvents) = Assert.Single(written);
            Assert.Equal(head, toldHead);
            Assert.Equal(["a", "b"], toldEvents.Select(TextOf));
            Assert.Equal(AppendOutcome.TopicComplete, (await table.Log().AppendTextsAsync("after")).Outcome);
            Assert.Equal(result with { Outcome = AppendOutcome.Repeated }, await table.Log().AppendLastAsync("key", "a", "b"));
        }
    }

    /// <summary>Whoever got the answer of the first believes the topic complete.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_refuses_a_used_key_when_only_one_of_the_two_appends_completes_the_topic(bool firstCompletes)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        _ = firstCompletes ? await log.AppendLastAsync("key", "a") : await log.AppendOnceAsync("key", "a");

        var second = firstCompletes ? await table.Log().AppendOnceAsync("key", "a") : await table.Log().AppendLastAsync("key", "a");

        Assert.Equal(AppendOutcome.KeyReused, second.Outcome);
        Assert.Equal(firstCompletes, (await log.HeadAsync())!.Complete);
        Assert.Equal(["a"], await log.ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_shares_its_transaction_with_what_came_before_and_refuses_what_comes_after()
    {
        await using var group = await HeldGroup.StartAsync();
        var (before, last) = (group.Append("a"), group.AppendAsync(new Append([Event("b"), Event("c")]) { CompletesTopic = true }));
        var (after, lastAgain) = (group.Append("d"), group.AppendAsync(new Append([Event("e")]) { CompletesTopic = true }));

        Assert.Equal(2, await group.ReleaseAsync()); // the one that was held, and one for the two

        Assert.Equal([(2, 2), (3, 4)], new[] { await before, await last }.Select(result => (result.First, result.Last)));
        Assert.Equal([AppendOutcome.TopicComplete, AppendOutcome.TopicComplete], new[] { await after, await lastAgain }.Select(result => result.Outcome));
        Assert.Equal(["held", "a", "b", "c"], await group.ReadTextsAsync());
        Assert.True((await group.Other.HeadAsync())!.Complete);
    }

    /// <summary>What leaves the batch takes the topic's end with it.</summary>
    [Fact]
    public async Task AppendAsync_does_not_complete_the_topic_when_the_append_that_would_has_left_its_batch()
    {
        await using var group = await HeldGroup.StartAsync();
        await group.Other.AppendOnceAsync("used", "first");
        var (a, last) = (group.Append("a"), group.AppendAsync(new Append([Event("b")]) { IdempotencyKey = "used", CompletesTopic = true }));

        await group.ReleaseAsync();

        Assert.Equal(AppendOutcome.KeyReused, (await last).Outcome);
        Assert.Equal(AppendOutcome.Appended, (await a).Outcome);
        Assert.False((await group.Other.HeadAsync())!.Complete);
        Assert.Equal(["first", "held", "a"], await group.ReadTextsAsync());
    }

    /// <summary>Or one would wait longer for its failure than it may, and the other would be given up too soon.</summary>
    [Fact]
    public async Task AppendAsync_shares_no_transaction_with_appends_that_are_tried_for_another_time()
    {
        await using var group = await HeldGroup.StartAsync();
        var appends = new[] { group.Append("a"), group.AppendAsync(new Append([Event("b")]) { Timeout = TimeSpan.FromMinutes(1) }), group.Append("c") };

        Assert.Equal(4, await group.ReleaseAsync());

        await Task.WhenAll(appends);
        Assert.Equal(["held", "a", "b", "c"], await group.ReadTextsAsync());
    }

    private static Func<StorageCall, Task> Does(string fault) => fault switch
    {
        nameof(Faults.LoseRequestAsync) => Faults.LoseRequestAsync,
        nameof(Faults.LoseAnswerAsync) => Faults.LoseAnswerAsync,
        nameof(Faults.Refuse) => Faults.Refuse(503),
        _ => Faults.DoAndAnswer(500),
    };
}
