using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class AppendTests
{
    [Fact]
    public async Task AppendAsync_numbers_events_from_1_without_holes_when_appended_singly_and_in_batches()
    {
        var log = (await LogTable.NewAsync()).Log();

        var results = new[]
        {
            await log.AppendTextsAsync("a"),
            await log.AppendTextsAsync("b", "c", "d"),
            await log.AppendTextsAsync("e"),
        };

        var head = await log.HeadAsync();
        Assert.NotNull(head);
        Assert.All(results, result => Assert.Equal(AppendOutcome.Appended, result.Outcome));
        Assert.Equal([(1, 1), (2, 4), (5, 5)], results.Select(result => (result.First, result.Last)));
        Assert.Equal(Sequences(1, 5).Select(sequence => new EventId(head.Epoch, sequence)), results.SelectMany(result => result.Ids));
        Assert.Equal((1, 5, 5, false), (head.First, head.Last, head.Count, head.Complete));
        Assert.Equal(results[2].Ids.Single(), head.LastId);
        Assert.Equal(["a", "b", "c", "d", "e"], await log.ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_keeps_topics_apart_when_their_names_differ_in_case_only()
    {
        var log = (await LogTable.NewAsync()).Log();
        Topic[] topics = [Topic.Parse("orders"), Topic.Parse("Orders")];

        foreach (var topic in topics)
            await log.AppendAsync(topic, [Event(topic.Name)], null, CancellationToken.None);

        foreach (var topic in topics)
            Assert.Equal([topic.Name], await log.ReadTextsAsync(topic));

        Assert.NotEqual((await log.HeadAsync(topics[0]))!.Epoch, (await log.HeadAsync(topics[1]))!.Epoch);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("m")]
    [InlineData("order.created")]
    [InlineData(" leading and trailing ")]
    [InlineData("größe 漢字 🙂")]
    [InlineData("sse")] // without the dot it is not reserved
    [InlineData("SSE.reset")]
    [InlineData("a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678")]
    public async Task ReadAsync_gives_the_type_back_when_it_is_allowed(string? type)
    {
        var log = (await LogTable.NewAsync()).Log();

        var result = await log.AppendAsync(Orders, [new NewEvent(type, "x"u8.ToArray())], null, CancellationToken.None);

        var stored = Assert.Single(await log.ReadAsync(Orders, result.Epoch, 1, 1, CancellationToken.None));
        Assert.Equal(type, stored.Type);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(AppendLimits.MaxDataBytes)]
    public async Task ReadAsync_gives_the_data_back_when_it_has_any_size_allowed(int size)
    {
        var log = (await LogTable.NewAsync()).Log();
        var data = new byte[size];
        new Random(1).NextBytes(data);

        var result = await log.AppendAsync(Orders, [new NewEvent(null, data)], null, CancellationToken.None);

        var stored = Assert.Single(await log.ReadAsync(Orders, result.Epoch, 1, 1, CancellationToken.None));
        Assert.Equal(data, stored.Data.ToArray());
    }

    /// <summary>Line ends, NULs, characters outside the basic plane: what the stream sends is what was published, byte by byte.</summary>
    [Property(MaxTest = 25)]
    public Property ReadAsync_gives_texts_back_byte_by_byte_when_they_hold_anything()
    {
        var pieces = Gen.Elements("a", "\0", "\n", "\r\n", "\r", "\u0085", "\u2028", "\"", "\\", "ß", "漢", "🙂", "\ufeff", "data: x\n\n", "</script>");
        var batches = Gen.NonEmptyListOf(Gen.ListOf(pieces).Select(string.Concat)).Where(texts => texts.Count <= AppendLimits.MaxEvents);
        return Prop.ForAll(Arb.From(batches), texts => IsReadBackAsync([.. texts]).GetAwaiter().GetResult());

        static async Task<bool> IsReadBackAsync(string[] texts)
        {
            var log = (await LogTable.NewAsync()).Log();
            var result = await log.AppendTextsAsync(texts);
            var events = await log.ReadAsync(Orders, result.Epoch, 1, texts.Length, CancellationToken.None);
            return events.Select(e => Convert.ToHexString(e.Data.Span)).SequenceEqual(texts.Select(text => Convert.ToHexString(Encoding.UTF8.GetBytes(text))));
        }
    }

    [Fact]
    public async Task AppendAsync_writes_all_events_when_they_are_as_many_as_allowed()
    {
        var log = (await LogTable.NewAsync()).Log();
        var texts = Texts(AppendLimits.MaxEvents);

        // With a key: the transaction has the most operations that it can have.
        await log.AppendOnceAsync("key", texts);

        Assert.Equal(texts, await log.ReadTextsAsync());
    }

    [Fact]
    public async Task Written_tells_the_new_head_and_the_events_when_an_append_is_done()
    {
        var log = (await LogTable.NewAsync()).Log();
        var written = new List<(Topic Topic, TopicHead Head, IReadOnlyList<StoredEvent> Events)>();
        log.Written += (topic, head, events) => written.Add((topic, head, events));

        await log.AppendTextsAsync("a", "b");
        await log.AppendTextsAsync("c");

        Assert.Equal([Orders, Orders], written.Select(w => w.Topic));
        Assert.Equal([(1, "a"), (2, "b"), (3, "c")], written.SelectMany(w => w.Events).Select(e => (e.Sequence, TextOf(e))));
        Assert.Equal([2, 3], written.Select(w => w.Head.Last));
        Assert.Equal(await log.HeadAsync(), written[1].Head); // the ETag too, or each append would cost a conflict
    }

    [Fact]
    public async Task AppendAsync_reads_nothing_when_it_knows_the_head()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var log = (await LogTable.NewAsync()).Through(proxy).Log();
        await log.AppendTextsAsync("first");
        var (reads, writes) = (proxy.Reads, proxy.Writes);

        await log.AppendTextsAsync("second");
        await log.AppendTextsAsync("third");

        Assert.Equal((reads, writes + 2), (proxy.Reads, proxy.Writes));
    }
}
