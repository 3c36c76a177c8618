using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>The limits: each names the field, the limit and the size, and leaves the log as it was.</summary>
public sealed class AppendLimitTests
{
    private const string MaxLengthType = "a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678";

    [Theory]
    [InlineData(AppendLimits.MaxDataBytes + 1)]
    [InlineData(AppendLimits.MaxDataBytes * 2)]
    public async Task AppendAsync_refuses_when_the_data_of_an_event_is_too_long(int size)
    {
        var fault = await RefusedAsync([Event("good"), new NewEvent(null, new byte[size])]);

        Assert.Equal(("data", AppendLimits.MaxDataBytes, size, true), (fault.Field, fault.Limit, fault.Size, fault.TooLarge));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(AppendLimits.MaxEvents + 1, true)]
    public async Task AppendAsync_refuses_when_there_are_no_or_too_many_events(int count, bool tooLarge)
    {
        var fault = await RefusedAsync([.. Texts(count).Select(Event)]);

        Assert.Equal(("events", AppendLimits.MaxEvents, count, tooLarge), (fault.Field, fault.Limit, fault.Size, fault.TooLarge));
    }

    [Fact]
    public async Task AppendAsync_refuses_when_the_data_of_all_events_is_too_long()
    {
        var fault = await RefusedAsync([.. Filled(AppendLimits.MaxAppendBytes), Event("x")]);

        Assert.Equal(("data", AppendLimits.MaxAppendBytes, AppendLimits.MaxAppendBytes + 1, true), (fault.Field, fault.Limit, fault.Size, fault.TooLarge));
    }

    /// <summary>What the limits allow, the table must take: 4 MiB as sent, where binary data is base64.</summary>
    [Fact]
    public async Task AppendAsync_writes_all_events_when_their_data_is_as_long_as_allowed()
    {
        var log = (await LogTable.NewAsync()).Log(new PassingTime());
        // As many operations and as long names as can be, which JSON escapes at that: what surrounds the data counts as well.
        var (topic, type) = (Topic.Parse(new string('t', Topic.MaxLength)), new string('<', AppendLimits.MaxTypeBytes));
        var events = Filled(AppendLimits.MaxAppendBytes).Select(e => e with { Type = type }).ToList();
        events.AddRange(Enumerable.Repeat(new NewEvent(type, default), AppendLimits.MaxEvents - events.Count));

        var result = await log.AppendAsync(topic, events, "key", CancellationToken.None);

        Assert.Equal((1, AppendLimits.MaxEvents), (result.First, result.Last));
    }

    [Theory]
    [InlineData("", 0, false)]
    [InlineData(MaxLengthType + "9", 129, true)]
    [InlineData("äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää", 130, true)] // bytes, not characters
    [InlineData("a\nb", null, false)]
    [InlineData("a\rb", null, false)]
    [InlineData("a\0b", null, false)]
    [InlineData("secret\n", null, false)]
    [InlineData("sse.", null, false)]
    [InlineData("sse.reset", null, false)]
    public async Task AppendAsync_refuses_when_the_type_is_not_allowed(string type, int? size, bool tooLarge)
    {
        var fault = await RefusedAsync([Event("good"), new NewEvent(type, default)]);

        // A limit only where the size is what is wrong.
        Assert.Equal(("type", size is null ? null : (long?)AppendLimits.MaxTypeBytes, size, tooLarge), (fault.Field, fault.Limit, fault.Size, fault.TooLarge));
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
    }

    private static NewEvent[] Filled(int size)
    {
        var data = new byte[size];
        new Random(1).NextBytes(data);
        return [.. data.Chunk(AppendLimits.MaxDataBytes).Select(chunk => new NewEvent(null, chunk))];
    }

    /// <summary>The table hears nothing of the append, and the log goes on with the next sequence.</summary>
    private static async Task<InvalidInputException> RefusedAsync(IReadOnlyList<NewEvent> events)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var log = (await LogTable.NewAsync()).Through(proxy).Log();
        await log.AppendTextsAsync("before");
        var (head, writes) = (await log.HeadAsync(), proxy.Writes);

        var fault = await Assert.ThrowsAsync<InvalidInputException>(() => log.AppendAsync(Orders, events, "key", CancellationToken.None));

        Assert.Equal((head, writes), (await log.HeadAsync(), proxy.Writes));
        Assert.Equal(["before"], await log.ReadTextsAsync());
        // The key is not used up.
        Assert.Equal(AppendOutcome.Appended, (await log.AppendOnceAsync("key", "after")).Outcome);
        return fault;
    }
}
