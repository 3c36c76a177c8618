using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Listing topics, retention of a topic's own, and deleting a topic.</summary>
public sealed class TopicLifecycleTests
{
    private static readonly Topic Other = Topic.Parse("other");

    [Fact]
    public async Task ListTopicsAsync_gives_every_topic_with_its_head_page_by_page()
    {
        var log = (await LogTable.NewAsync()).Log();
        foreach (var name in (string[])["b.2", "a", "b.1", "b.3", "bb", "B.1"])
            await log.AppendAsync(Topic.Parse(name), [.. Texts(name.Length).Select(Event)], null, CancellationToken.None);

        await log.CompleteAsync(Topic.Parse("b.2"), CancellationToken.None);

        Assert.Equal(["B.1", "a", "b.1", "b.2", "b.3", "bb"], await NamesAsync("", 100));
        Assert.Equal(["b.1", "b.2", "b.3", "bb"], await NamesAsync("b", 1));
        Assert.Equal(["b.1", "b.2", "b.3"], await NamesAsync("b.", 2));
        Assert.Equal(["b.1", "b.2", "b.3"], await NamesAsync("b.", 3));
        Assert.Empty(await NamesAsync("c", 3));
        var (topic, head, _) = (await log.ListTopicsAsync("b.2", "", 1, CancellationToken.None)).Topics.Single();
        Assert.Equal(("b.2", 3, 3, true), (topic.Name, head.Last, head.Count, head.Complete));

        async Task<List<string>> NamesAsync(string prefix, int limit)
        {
            var (names, after) = (new List<string>(), "");
            for (string? next = ""; next is not null; after = next ?? "")
            {
                var page = await log.ListTopicsAsync(prefix, after, limit, CancellationToken.None);
                Assert.InRange(page.Topics.Count, 0, limit);
                names.AddRange(page.Topics.Select(listed => listed.Topic.Name));
                next = page.Next;
            }

            return names;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(TopicDirectory.MaxPage + 1)]
    public async Task ListTopicsAsync_refuses_when_the_limit_is_outside_its_range(int limit)
    {
        var log = (await LogTable.NewAsync()).Log();

        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => log.ListTopicsAsync("", "", limit, CancellationToken.None));

        Assert.Equal(("limit", TopicDirectory.MaxPage, limit), (refused.Field, refused.Limit, refused.Size));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SetRetentionAsync_holds_for_its_topic_before_and_after_the_first_event(bool isFirst)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log(new PassingTime());
        if (isFirst)
            await SetAsync();

        foreach (var topic in (Topic[])[Orders, Other])
            await log.AppendAsync(topic, [.. Texts(5).Select(Event)], null, CancellationToken.None);

        if (!isFirst)
            await SetAsync();

        // Twice: what the first run notes down must not replace the settings.
        for (var run = 0; run < 2; run++)
        {
            await table.Sweep(new RetentionOptions { MaxEvents = 4 }).RunAsync(CancellationToken.None);
            await log.AppendTextsAsync("more");
        }

        Assert.Equal(["e5", "more", "more"], await log.ReadTextsAsync());
        Assert.Equal(4, (await log.ReadTextsAsync(Other)).Count);
        Assert.Equal(new TopicRetention(TimeSpan.FromHours(1), 2), (await table.EntryAsync(Orders))!.Retention);

        Task SetAsync() => log.SetRetentionAsync(Orders, new TopicRetention(TimeSpan.FromHours(1), 2), CancellationToken.None);
    }

    [Fact]
    public async Task SetRetentionAsync_replaces_what_was_set_before()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.SetRetentionAsync(Orders, new TopicRetention(TimeSpan.FromMinutes(1), 1), CancellationToken.None);

        await log.SetRetentionAsync(Orders, new TopicRetention(MaxEvents: EventId.MaxSequence), CancellationToken.None);

        Assert.Equal(new TopicRetention(null, EventId.MaxSequence), (await table.EntryAsync(Orders))!.Retention);
    }

    [Theory]
    [InlineData(59, null, "maxAge")]
    [InlineData(3650 * 86400 + 1, null, "maxAge")]
    [InlineData(null, 0L, "maxEvents")]
    [InlineData(null, EventId.MaxSequence + 1, "maxEvents")]
    public async Task SetRetentionAsync_refuses_when_a_value_is_outside_its_range(int? seconds, long? maxEvents, string field)
    {
        var table = await LogTable.NewAsync();
        var retention = new TopicRetention(seconds is { } s ? TimeSpan.FromSeconds(s) : null, maxEvents);

        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => table.Log().SetRetentionAsync(Orders, retention, CancellationToken.None));

        Assert.Equal(field, refused.Field);
        Assert.Null(await table.EntryAsync(Orders));
    }

    [Fact]
    public async Task DeleteTopicAsync_deletes_all_rows_of_the_topic_and_no_other()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log(new PassingTime());
        await log.FillAsync(Texts(150));
        var old = await log.AppendOnceAsync("key", "a");
        await log.AppendAsync(Other, [Event("other")], "key", CancellationToken.None);
        await log.SetRetentionAsync(Orders, new TopicRetention(MaxEvents: 2), CancellationToken.None);

        Assert.True(await log.DeleteTopicAsync(Orders, CancellationToken.None));

        Assert.Empty(await table.RowKeysAsync(Orders.Name));
        Assert.Equal(["other"], (await log.ListTopicsAsync("", "", 10, CancellationToken.None)).Topics.Select(listed => listed.Topic.Name));
        Assert.Equal(["other"], await log.ReadTextsAsync(Other));
        Assert.Equal(new TopicRetention(), (await table.EntryAsync(Orders))?.Retention ?? new TopicRetention());
        Assert.False(await log.DeleteTopicAsync(Orders, CancellationToken.None));

        var result = await log.AppendOnceAsync("key", "b");
        Assert.Equal((AppendOutcome.Appended, 1), (result.Outcome, result.First));
        Assert.NotEqual(old.Epoch, result.Epoch);
        Assert.NotNull(await table.EntryAsync(Orders));
    }

    [Fact]
    public async Task DeleteTopicAsync_deletes_what_a_publisher_wrote_just_before_and_refuses_it_while_rows_go()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var publisher = table.Log(new PassingTime());
        await publisher.FillAsync(Texts(3));
        var results = new List<AppendResult>();
        proxy.Intercept = async call =>
        {
            if (call.Method != "GET" && results.Count < 2 && (results.Count == 0 || call.IsTransaction))
                results.Add(await publisher.AppendTextsAsync("x"));

            await StorageProxy.PassOnAsync(call);
        };

        Assert.True(await table.Through(proxy).Log(new PassingTime()).DeleteTopicAsync(Orders, CancellationToken.None));

        Assert.Equal([AppendOutcome.Appended, AppendOutcome.TopicComplete], results.Select(result => result.Outcome));
        Assert.Empty(await table.RowKeysAsync(Orders.Name));
    }

    [Fact]
    public async Task DeleteTopicAsync_finishes_what_a_deletion_that_failed_has_left()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(150));
        proxy.Intercept = Faults.OnTransactions(StorageProxy.PassOnAsync, Faults.Refuse(403));
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => table.Through(proxy).Log().DeleteTopicAsync(Orders, CancellationToken.None));
        Assert.Equal(0, (await table.Log().HeadAsync())!.Count);

        Assert.True(await table.Log().DeleteTopicAsync(Orders, CancellationToken.None));

        Assert.Empty(await table.RowKeysAsync(Orders.Name));
    }
}
