using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>The second half of promise 2: a repeated key answers with the first result.</summary>
public sealed class IdempotencyKeyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_answers_with_the_first_ids_when_a_key_is_repeated(bool fromAnotherInstance)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendTextsAsync("before");
        var first = await log.AppendOnceAsync("key", "a", "b");
        await log.AppendTextsAsync("between");

        var repeat = await (fromAnotherInstance ? table.Log() : log).AppendOnceAsync("key", "a", "b");

        Assert.Equal(AppendOutcome.Appended, first.Outcome);
        Assert.Equal(first with { Outcome = AppendOutcome.Repeated }, repeat);
        Assert.Equal(["before", "a", "b", "between"], await log.ReadTextsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_refuses_when_a_key_is_repeated_with_other_events(bool fromAnotherInstance)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendOnceAsync("key", "a", "b");
        var other = fromAnotherInstance ? table.Log() : log;
        NewEvent[][] bodies = [[Event("a")], [Event("a"), Event("b"), Event("")], [Event("ab")], [Event("b"), Event("a")], [Event("a") with { Type = "t" }, Event("b")]];

        foreach (var body in bodies)
            Assert.Equal(AppendOutcome.KeyReused, (await other.AppendAsync(Orders, body, "key", CancellationToken.None)).Outcome);

        Assert.Equal((AppendOutcome.Repeated, 1, 2), (await other.AppendOnceAsync("key", "a", "b")) is var repeat ? (repeat.Outcome, repeat.First, repeat.Last) : default);
        Assert.Equal(["a", "b"], await log.ReadTextsAsync());
    }

    /// <summary>Bodies that are one and the same when the lengths of types and data are left out of account.</summary>
    [Theory]
    [InlineData("t:a|t:b", "t:a\u0001\0\0\0tb")]
    [InlineData("t:a\u0001\0\0\0tb", "t:a|t:b")]
    [InlineData("ab:c", "a:bc")]
    [InlineData("t:a", "t:a|t:")]
    public async Task AppendAsync_refuses_when_a_key_is_repeated_with_the_same_bytes_divided_otherwise(string first, string second)
    {
        var log = (await LogTable.NewAsync()).Log();
        await log.AppendAsync(Orders, Events(first), "key", CancellationToken.None);

        Assert.Equal(AppendOutcome.KeyReused, (await log.AppendAsync(Orders, Events(second), "key", CancellationToken.None)).Outcome);
        Assert.Equal(AppendOutcome.Repeated, (await log.AppendAsync(Orders, Events(first), "key", CancellationToken.None)).Outcome);

        static NewEvent[] Events(string text) => [.. text.Split('|').Select(part => Event(part.Split(':')[1]) with { Type = part.Split(':')[0] })];
    }

    [Fact]
    public async Task AppendAsync_appends_once_when_publishers_of_a_process_use_one_key_at_once()
    {
        await using var group = await HeldGroup.StartAsync();
        var same = Enumerable.Range(0, 50).Select(_ => group.AppendOnce("key", "a")).ToList();
        var other = group.AppendOnce("key", "b");

        Assert.Equal(2, await group.ReleaseAsync()); // the repeats cost no transaction

        var results = await Task.WhenAll(same);
        Assert.Single(results, result => result.Outcome == AppendOutcome.Appended);
        Assert.Equal(49, results.Count(result => result.Outcome == AppendOutcome.Repeated));
        Assert.All(results, result => Assert.Equal((2, 2), (result.First, result.Last)));
        Assert.Equal(AppendOutcome.KeyReused, (await other).Outcome);
        Assert.Equal(["held", "a"], await group.ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_appends_the_repeat_when_the_first_with_its_key_left_before_it_was_written()
    {
        await using var group = await HeldGroup.StartAsync();
        using var leaves = new CancellationTokenSource();
        var first = group.AppendAsync([Event("a")], "key", leaves.Token);
        var (repeat, next) = (group.AppendOnce("key", "a"), group.AppendOnce("key", "a"));
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(SseStream.Timeout));

        await group.ReleaseAsync();

        Assert.Equal([AppendOutcome.Appended, AppendOutcome.Repeated], new[] { await repeat, await next }.Select(result => result.Outcome).Order());
        Assert.Equal(["held", "a"], await group.ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_is_refused_when_too_many_wait_for_one_key()
    {
        await using var group = await HeldGroup.StartAsync();
        var taken = Enumerable.Range(0, 1 + WriteQueue.MaxRepeats).Select(_ => group.AppendOnce("key", "a")).ToList();

        await Assert.ThrowsAsync<EventLogBusyException>(() => group.AppendOnce("key", "a"));

        await group.ReleaseAsync();
        Assert.Equal(1, (await Task.WhenAll(taken)).Count(result => result.Outcome == AppendOutcome.Appended));
        Assert.Equal(AppendOutcome.Repeated, (await group.Log.AppendOnceAsync("key", "a")).Outcome);
    }

    [Fact]
    public async Task AppendAsync_appends_when_keys_or_topics_differ()
    {
        var log = (await LogTable.NewAsync()).Log();
        var other = Topic.Parse("other");

        string[] keys = ["key", "Key", "key ", "", "k/e\\y#?\n", "schlüssel", new string('k', 2000)];
        foreach (var key in keys)
            Assert.Equal(AppendOutcome.Appended, (await log.AppendOnceAsync(key, key)).Outcome);

        Assert.Equal(AppendOutcome.Appended, (await log.AppendAsync(other, [Event("key")], "key", CancellationToken.None)).Outcome);
        Assert.Equal(keys, await log.ReadTextsAsync());
        Assert.Equal(["key"], await log.ReadTextsAsync(other));
        foreach (var key in keys)
            Assert.Equal(AppendOutcome.Repeated, (await log.AppendOnceAsync(key, key)).Outcome);
    }

    [Fact]
    public async Task AppendAsync_writes_one_event_when_instances_race_with_one_key()
    {
        var table = await LogTable.NewAsync();
        var logs = Enumerable.Range(0, 4).Select(_ => table.Log()).ToList();

        for (var round = 1; round <= 5; round++)
        {
            // The first round races for the table and the head as well.
            var results = await Task.WhenAll(logs.Select(log => log.AppendOnceAsync($"key{round}", $"e{round}")));

            Assert.Single(results, result => result.Outcome == AppendOutcome.Appended);
            Assert.Equal([new EventId(results[0].Epoch, round)], results.SelectMany(result => result.Ids).Distinct());
            Assert.Equal(Texts(round), await table.Log().ReadTextsAsync());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_answers_with_the_first_ids_when_a_key_is_repeated_after_the_end(bool fromAnotherInstance)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        var first = await log.AppendOnceAsync("key", "a");
        var stale = table.Log();
        await stale.AppendTextsAsync("b"); // it knows a head that is not complete
        await log.CompleteAsync();

        var repeat = await (fromAnotherInstance ? stale : log).AppendOnceAsync("key", "a");

        Assert.Equal(first with { Outcome = AppendOutcome.Repeated }, repeat);
        Assert.Equal(AppendOutcome.TopicComplete, (await log.AppendOnceAsync("new key", "c")).Outcome);
        Assert.Equal(["a", "b"], await log.ReadTextsAsync());
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(3, false)] // in a row
    [InlineData(3, true)]
    public async Task AppendAsync_answers_with_its_ids_when_the_answer_was_lost(int times, bool anotherCameBetween)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("before");
        var first = anotherCameBetween ? Faults.LoseAnswerAfter(() => other.AppendTextsAsync("other")) : Faults.LoseAnswerAsync;
        proxy.Intercept = Faults.OnTransactions([first, .. Enumerable.Repeat(Faults.LoseAnswerAsync, times - 1)]);

        var result = await log.AppendOnceAsync("key", "a");

        Assert.Equal((2, 2), (result.First, result.Last));
        Assert.Equal(["before", "a", .. anotherCameBetween ? (string[])["other"] : []], await other.ReadTextsAsync());
        Assert.Equal((AppendOutcome.Repeated, 2), ((await other.AppendOnceAsync("key", "a")) is var repeat ? repeat.Outcome : default, repeat.First));
    }

    /// <summary>A publisher that got no answer asks again: that is what the key is for.</summary>
    [Fact]
    public async Task AppendAsync_tells_what_became_of_the_first_when_that_had_failed_after_its_write()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        await log.AppendTextsAsync("before");
        using var gone = new CancellationTokenSource();
        proxy.Intercept = Faults.OnTransactions(Faults.LoseAnswerAfter(gone.CancelAsync));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => log.AppendAsync(Orders, [Event("a")], "key", gone.Token));

        var repeat = await log.AppendOnceAsync("key", "a");

        Assert.Equal((AppendOutcome.Repeated, 2, 2), (repeat.Outcome, repeat.First, repeat.Last));
        Assert.Equal(["before", "a"], await log.ReadTextsAsync());
    }
}
