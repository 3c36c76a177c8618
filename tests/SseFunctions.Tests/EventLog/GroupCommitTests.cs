using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Appends that come while another is being written share the next transaction, and nothing else: not their fate.</summary>
public sealed class GroupCommitTests
{
    [Fact]
    public async Task AppendAsync_shares_one_transaction_when_appends_come_while_another_is_written()
    {
        await using var group = await HeldGroup.StartAsync();
        var (one, two, keyed) = (group.Append("a"), group.Append("b", "c"), group.AppendOnce("key", "d"));
        var rest = Texts(50).Select(text => group.Append(text)).ToList();

        var transactions = await group.ReleaseAsync();

        Assert.Equal(2, transactions); // the one that was held, and one for all others
        Assert.Equal([(2, 2), (3, 4), (5, 5)], new[] { await one, await two, await keyed }.Select(result => (result.First, result.Last)));
        Assert.Equal(Sequences(6, 55), (await Task.WhenAll(rest)).Select(result => result.First));
        Assert.Equal(["held", "a", "b", "c", "d", .. Texts(50)], await group.ReadTextsAsync());
        Assert.Equal((AppendOutcome.Repeated, 5), (await group.Log.AppendOnceAsync("key", "d")) is var repeat ? (repeat.Outcome, repeat.First) : default);
    }

    [Fact]
    public async Task Written_tells_each_transaction_once_and_in_order_when_publishers_contend()
    {
        var log = (await LogTable.NewAsync()).Log(new PassingTime());
        var raised = new List<IReadOnlyList<StoredEvent>>();
        log.Written += (_, head, events) =>
        {
            Assert.Equal(head.Last, events[^1].Sequence);
            raised.Add(events); // one writer, so one at a time
        };

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(PublishAsync));

        Assert.Equal(Sequences(1, 320), raised.SelectMany(events => events).Select(e => e.Sequence));
        Assert.True(raised.Count < 320, $"{raised.Count} transactions");
        Assert.Equal(raised.SelectMany(events => events).Select(TextOf), await log.ReadTextsAsync());
        Assert.Equal(320, results.SelectMany(ids => ids).Distinct().Count());

        async Task<List<EventId>> PublishAsync(int publisher)
        {
            var ids = new List<EventId>();
            for (var n = 0; n < 20; n++)
                ids.AddRange((await log.AppendTextsAsync($"{publisher}.{n}")).Ids);

            return ids;
        }
    }

    [Theory]
    [InlineData(98, 1, 0, false, 1)]
    [InlineData(99, 1, 0, false, 2)]
    [InlineData(49, 1, 0, true, 1)] // a key takes an operation of the 100 as well
    [InlineData(50, 1, 0, true, 2)]
    [InlineData(2, 49, 0, false, 1)]
    [InlineData(2, 50, 0, false, 2)]
    [InlineData(2, 22, 64 * 1024, false, 1)] // 2.75 MiB
    [InlineData(2, 23, 64 * 1024, false, 2)]
    public async Task AppendAsync_fills_a_transaction_to_its_limits_and_no_further(int appends, int eventsOfEach, int bytes, bool isKeyed, int expected)
    {
        await using var group = await HeldGroup.StartAsync();
        var events = Enumerable.Repeat(new NewEvent(null, new byte[bytes]), eventsOfEach).ToList();
        var results = Enumerable.Range(0, appends).Select(n => group.AppendAsync(events, isKeyed ? $"key{n}" : null)).ToList();

        Assert.Equal(1 + expected, await group.ReleaseAsync());

        Assert.All(await Task.WhenAll(results), result => Assert.Equal(AppendOutcome.Appended, result.Outcome));
        Assert.Equal(1 + (appends * eventsOfEach), (await group.ReadTextsAsync()).Count);
    }

    /// <summary>The transaction is tried for as long as its appends are.</summary>
    [Fact]
    public async Task AppendAsync_shares_no_transaction_when_appends_are_tried_for_different_times()
    {
        await using var group = await HeldGroup.StartAsync();
        var (usual, longer) = (group.Append("a"), group.AppendAsync(new Append([Event("b")]) { Timeout = 2 * RetryBudget.WriteTimeout }));

        Assert.Equal(3, await group.ReleaseAsync());
        Assert.Equal([2, 3], new[] { await usual, await longer }.Select(result => result.First));
    }

    [Fact]
    public async Task AppendAsync_keeps_the_order_of_a_publisher_that_does_not_wait()
    {
        var log = (await LogTable.NewAsync()).Log(new PassingTime());

        await Task.WhenAll(Texts(500).Select(text => log.AppendTextsAsync(text)));

        Assert.Equal(Texts(500), await log.ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_writes_the_others_when_a_key_among_them_was_used()
    {
        await using var group = await HeldGroup.StartAsync();
        var used = await group.Other.AppendOnceAsync("used", "first");
        var (before, repeat, after) = (group.AppendOnce("new", "a", "b"), group.AppendOnce("used", "first"), group.Append("c"));

        await group.ReleaseAsync();

        Assert.Equal(used with { Outcome = AppendOutcome.Repeated }, await repeat);
        Assert.Equal((AppendOutcome.Appended, 3, 4), (await before) is var first ? (first.Outcome, first.First, first.Last) : default);
        Assert.Equal((AppendOutcome.Appended, 5, 5), (await after) is var last ? (last.Outcome, last.First, last.Last) : default);
        Assert.Equal(["first", "held", "a", "b", "c"], await group.ReadTextsAsync());
    }

    /// <summary>
    /// The try with the used key can never be repeated as it was, and may still land once the key has gone: it must not.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_writes_the_others_once_when_a_try_with_a_used_key_is_in_doubt(bool arrivesLate)
    {
        await using var group = await HeldGroup.StartAsync();
        await group.Other.AppendOnceAsync("used", "first");
        var (late, answer) = (new LateRequest(), "");
        // The held one meets a newer head, and its second try wins. Then the group's first try is lost, its second and third
        // are refused for the key's sake, and before its fourth the lost one comes.
        group.Then(
            StorageProxy.PassOnAsync,
            arrivesLate ? late.HoldAsync : Faults.Refuse(500),
            StorageProxy.PassOnAsync,
            StorageProxy.PassOnAsync,
            arrivesLate ? Faults.Before(ForgetKeyAndLetArriveAsync, StorageProxy.PassOnAsync) : StorageProxy.PassOnAsync);
        var (a, repeat, b) = (group.Append("a"), group.AppendOnce("used", "first"), group.Append("b"));

        Assert.Equal(6, await group.ReleaseAsync());

        Assert.Equal(arrivesLate ? "412" : "", answer);
        Assert.Equal(AppendOutcome.Repeated, (await repeat).Outcome);
        Assert.Equal([(AppendOutcome.Appended, 3), (AppendOutcome.Appended, 4)], new[] { await a, await b }.Select(result => (result.Outcome, result.First)));
        Assert.Equal(["first", "held", "a", "b"], await group.ReadTextsAsync());

        async Task ForgetKeyAndLetArriveAsync()
        {
            await group.Table.Client().DeleteEntityAsync(Orders.Name, LogRows.KeyOf("used"));
            answer = await late.ArriveAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_tells_each_its_own_ids_when_the_answer_of_all_was_lost(bool othersCameBetween)
    {
        await using var group = await HeldGroup.StartAsync();
        group.Then(othersCameBetween ? Faults.LoseAnswerAfter(() => group.Other.AppendTextsAsync("x")) : Faults.LoseAnswerAsync);
        var (a, b) = (group.AppendOnce("key", "a1", "a2"), group.Append("b"));

        await group.ReleaseAsync();

        Assert.Equal([(2, 3), (4, 4)], new[] { await a, await b }.Select(result => (result.First, result.Last)));
        Assert.Equal(["held", "a1", "a2", "b", .. othersCameBetween ? (string[])["x"] : []], await group.ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_leaves_out_who_left_while_waiting_and_writes_the_others()
    {
        await using var group = await HeldGroup.StartAsync();
        using var leaves = new CancellationTokenSource();
        var (a, left, b) = (group.Append("a"), group.AppendAsync([Event("left")], null, leaves.Token), group.Append("b"));
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(SseStream.Timeout));

        await group.ReleaseAsync();

        Assert.Equal([2, 3], new[] { await a, await b }.Select(result => result.First));
        Assert.Equal(["held", "a", "b"], await group.ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_writes_the_others_when_one_leaves_while_they_are_written()
    {
        await using var group = await HeldGroup.StartAsync();
        using var leaves = new CancellationTokenSource();
        group.Then(Faults.Before(leaves.CancelAsync, StorageProxy.PassOnAsync));
        var (a, left, b) = (group.Append("a"), group.AppendAsync([Event("left")], null, leaves.Token), group.Append("b"));

        await group.ReleaseAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(SseStream.Timeout));
        Assert.Equal([2, 4], new[] { await a, await b }.Select(result => result.First));
        Assert.Equal(["held", "a", "left", "b"], await group.ReadTextsAsync()); // it had begun, and was brought to its end
    }

    [Fact]
    public async Task AppendAsync_writes_the_others_when_an_event_among_them_is_over_its_limit()
    {
        await using var group = await HeldGroup.StartAsync();
        var a = group.Append("a");
        await Assert.ThrowsAsync<InvalidInputException>(() => group.AppendAsync([new NewEvent(null, new byte[AppendLimits.MaxDataBytes + 1])], null));
        var b = group.Append("b");

        await group.ReleaseAsync();

        Assert.Equal([2, 3], new[] { await a, await b }.Select(result => result.First));
        Assert.Equal(["held", "a", "b"], await group.ReadTextsAsync());
    }

    /// <summary>A limit of the service that this code may not know.</summary>
    [Theory]
    [InlineData(400, "InvalidInput")]
    [InlineData(413, "RequestBodyTooLarge")]
    public async Task AppendAsync_writes_the_others_when_the_table_refuses_one_of_them(int status, string code)
    {
        await using var group = await HeldGroup.StartAsync();
        group.Always(call => call.IsTransaction && call.BodyText.Contains("poison", StringComparison.Ordinal)
            ? StorageErrors.ReplyAsync(call, status, code)
            : StorageProxy.PassOnAsync(call));
        var before = Texts(5, "a").Select(text => group.Append(text)).ToList();
        var poisoned = group.AppendAsync([new NewEvent("poison", default)], null);
        var after = Texts(5, "b").Select(text => group.Append(text)).ToList();

        await group.ReleaseAsync();

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => poisoned);
        Assert.Equal(Sequences(2, 11), (await Task.WhenAll(before.Concat(after))).Select(result => result.First));
        Assert.Equal(["held", .. Texts(5, "a"), .. Texts(5, "b")], await group.ReadTextsAsync());
    }

    /// <summary>While an earlier try may still land, its appends must not be tried by themselves.</summary>
    [Fact]
    public async Task AppendAsync_fails_and_doubles_nothing_when_the_table_refuses_a_try_after_one_without_an_answer()
    {
        await using var group = await HeldGroup.StartAsync();
        var late = new LateRequest();
        group.Then(late.HoldAsync, call => StorageErrors.ReplyAsync(call, 400, "InvalidInput"), Faults.Before(late.ArriveAsync, StorageProxy.PassOnAsync));
        var (a, b) = (group.Append("a"), group.Append("b"));

        await group.ReleaseAsync();

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => a);
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => b);
        await late.ArriveAsync();
        Assert.Equal(["held", "a", "b"], await group.ReadTextsAsync());
    }

    /// <summary>Its own answer is known by then, and is none for a repeat of the first publication with the key.</summary>
    [Fact]
    public async Task AppendAsync_queues_a_repeat_when_an_append_with_its_key_was_refused_and_the_others_go_on()
    {
        await using var group = await HeldGroup.StartAsync();
        var used = await group.Other.AppendOnceAsync("used", "first");
        var (goesOn, letGo) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        var tries = 0;
        group.Always(async call =>
        {
            if (!call.IsTransaction || !call.BodyText.Contains("poison", StringComparison.Ordinal))
            {
                await StorageProxy.PassOnAsync(call);
                return;
            }

            if (Interlocked.Increment(ref tries) == 2) // once it is alone
            {
                goesOn.SetResult();
                await letGo.Task;
            }

            await StorageErrors.ReplyAsync(call, 400, "InvalidInput");
        });
        try
        {
            var (reused, poisoned) = (group.AppendOnce("used", "other"), group.AppendAsync([new NewEvent("poison", default)], null));
            var released = group.ReleaseAsync();
            Assert.Equal(AppendOutcome.KeyReused, (await reused).Outcome);
            await goesOn.Task.WaitAsync(SseStream.Timeout);

            // Whoever goes round in circles comes back from the call only when the others have come to their end.
            var repeat = await Task.Run(() => new[] { group.Log.AppendOnceAsync("used", "first") }).WaitAsync(SseStream.Timeout);
            Assert.Equal(2, Volatile.Read(ref tries));
            letGo.SetResult();

            await released;
            await Assert.ThrowsAsync<EventLogUnavailableException>(() => poisoned);
            Assert.Equal(used with { Outcome = AppendOutcome.Repeated }, await repeat[0]);
        }
        finally
        {
            letGo.TrySetResult();
        }
    }

    [Fact]
    public async Task AppendAsync_appends_a_repeat_when_the_first_left_and_was_left_out_after_a_conflict()
    {
        await using var group = await HeldGroup.StartAsync();
        using var leaves = new CancellationTokenSource();
        Task<AppendResult>? repeat = null;
        var first = group.AppendAsync([Event("a")], "key", leaves.Token);
        group.Then(Faults.Before(LeaveAndRepeatAsync, StorageProxy.PassOnAsync));
        var b = group.Append("b");

        await group.ReleaseAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(3, (await b).First);
        Assert.Equal((AppendOutcome.Appended, 4), (await repeat!) is var result ? (result.Outcome, result.First) : default);
        Assert.Equal(["held", "other", "b", "a"], await group.ReadTextsAsync());

        async Task LeaveAndRepeatAsync()
        {
            await leaves.CancelAsync();
            await Task.WhenAny(first);
            repeat = group.Log.AppendOnceAsync("key", "a");
            await group.Other.AppendTextsAsync("other");
        }
    }

    [Fact]
    public async Task AppendAsync_is_refused_when_more_would_wait_than_ten_transactions()
    {
        await using var group = await HeldGroup.StartAsync();
        var full = Texts(AppendLimits.MaxEvents);
        var waiting = Enumerable.Range(0, WriteQueue.MaxWaiting).Select(_ => group.Append(full)).ToList();

        await Assert.ThrowsAsync<EventLogBusyException>(() => group.Append("too many"));
        await Assert.ThrowsAsync<EventLogBusyException>(() => group.Log.CompleteAsync());

        Assert.Equal(1 + WriteQueue.MaxWaiting, await group.ReleaseAsync());
        Assert.Equal(Enumerable.Range(0, WriteQueue.MaxWaiting).Select(n => 2 + ((long)n * full.Length)), (await Task.WhenAll(waiting)).Select(result => result.First));
        Assert.Equal(AppendOutcome.Appended, (await group.Log.AppendTextsAsync("there is room again")).Outcome);
    }

    [Fact]
    public async Task AppendAsync_has_room_again_when_those_who_waited_have_left()
    {
        await using var group = await HeldGroup.StartAsync();
        using var leave = new CancellationTokenSource();
        var full = Texts(AppendLimits.MaxEvents).Select(Event).ToList();
        var waiting = Enumerable.Range(0, WriteQueue.MaxWaiting).Select(_ => group.AppendAsync(full, null, leave.Token)).ToList();
        await leave.CancelAsync();
        foreach (var left in waiting)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(SseStream.Timeout));

        var append = group.Append("a");
        await group.ReleaseAsync();

        Assert.Equal(2, (await append).First);
        Assert.Equal(["held", "a"], await group.ReadTextsAsync());
    }

    [Fact]
    public async Task CompleteAsync_ends_the_topic_between_what_came_before_and_after()
    {
        await using var group = await HeldGroup.StartAsync();
        var before = group.Append("before");
        var end = group.Log.CompleteAsync();
        var (after, repeat) = (group.Append("after"), group.AppendOnce("key", "after"));

        await group.ReleaseAsync();

        Assert.Equal((2, true), ((await end).Last, (await end).Complete));
        Assert.Equal(
            [AppendOutcome.Appended, AppendOutcome.TopicComplete, AppendOutcome.TopicComplete],
            new[] { await before, await after, await repeat }.Select(result => result.Outcome));
        Assert.Equal(["held", "before"], await group.ReadTextsAsync());
    }
}
