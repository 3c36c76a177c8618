using System.Net.ServerSentEvents;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>
/// Whatever a publisher sends, a client gets that type and that data, and nothing else: four parsers that nobody here wrote
/// agree with what was published, wherever the response is cut into chunks.
/// </summary>
public sealed class DifferentialParsingTests(HostileEvents hostile, Chromium browser, NodeEventSources node)
    : IClassFixture<HostileEvents>, IClassFixture<Chromium>, IClassFixture<NodeEventSources>
{
    private const int MaxShown = 400;

    /// <summary>How many sizes to draw, and the largest of the small and of the large ones.</summary>
    private const int ChunkSizes = 50;
    private const int SmallChunkBytes = 16;
    private const int LargeChunkBytes = 32 * 1024;

    /// <summary>In what pieces a parser gets the response.</summary>
    public enum Chunks
    {
        AsTheyCome,
        OfRandomSizes,

        /// <summary>Of the short events only.</summary>
        OfOneByte,
    }

    public static TheoryData<Chunks> AllChunks => Thoroughness.Choose<TheoryData<Chunks>>(brief: [Chunks.OfRandomSizes, Chunks.OfOneByte], full: [.. Enum.GetValues<Chunks>()]);

    [SkippableFact]
    public void Publishers_are_answered_as_the_rules_say()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Assert.True(hostile.WronglyAnswered.Count == 0, $"{FuzzSeed.Hint}\n{string.Join('\n', hostile.WronglyAnswered)}");
        Assert.True(hostile.All.Events.Count > 200, $"{FuzzSeed.Hint} {hostile.All.Events.Count} events");
        Assert.True(hostile.Brief.Events.Count > 50, $"{FuzzSeed.Hint} {hostile.Brief.Events.Count} short events");
    }

    [SkippableTheory]
    [MemberData(nameof(AllChunks))]
    public void SseParser_reads_what_was_published(Chunks chunks)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var response = Published(chunks).Response.ToArray();
        var events = new List<SseMessage>();
        var parser = SseParser.Create(SizesOf(chunks) is { } sizes ? new ChunkedStream(response, sizes) : new MemoryStream(response));

        foreach (var item in parser.Enumerate())
            events.Add(new SseMessage(parser.LastEventId, item.EventType, item.Data));

        AssertRead(Published(chunks).Events, events);
    }

    [SkippableTheory]
    [MemberData(nameof(AllChunks))]
    public async Task Npms_eventsource_parser_reads_what_was_published(Chunks chunks)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);

        AssertRead(Published(chunks).Events, await EventSourceParser.ParseAsync(Published(chunks).Response, SizesOf(chunks)));
    }

    [SkippableTheory]
    [MemberData(nameof(AllChunks))]
    public async Task Npms_eventsource_reads_what_was_published(Chunks chunks)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var expected = Published(chunks).Events;
        var stream = new Uri(hostile.Host.BaseAddress, Published(chunks).Path + "&mode=poll"); // whose end brings what does not fill a chunk

        await using var source = await node.OpenInChunksAsync(stream, SizesOf(chunks), TypesOf(expected));

        AssertRead(expected, await source.ReadEventsAsync(expected.Count));
    }

    /// <summary>It gets the sizes as pieces that are sent one by one; what its network stack makes of them is its own affair.</summary>
    [SkippableTheory]
    [MemberData(nameof(AllChunks))]
    public async Task Chromium_reads_what_was_published(Chunks chunks)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Chromium.SkipIfNotInstalled();
        await using var proxy = CuttingProxy.Start(hostile.Host.BaseAddress, SizesOf(chunks));
        await using var page = await EventSourcePage.GoToAsync(await browser.NewPageAsync(), proxy.BaseAddress);
        var expected = Published(chunks).Events;

        await page.ConnectAsync(new Uri(proxy.BaseAddress, Published(chunks).Path), types: TypesOf(expected));

        AssertRead(expected, await page.ReadEventsAsync(expected.Count));
    }

    private PublishedTopic Published(Chunks chunks) => chunks == Chunks.OfOneByte ? hostile.Brief : hostile.All;

    private static string[] TypesOf(IEnumerable<SseMessage> events) => [.. events.Select(e => e.Type).Distinct()];

    private static int[]? SizesOf(Chunks chunks)
    {
        var random = new Random(FuzzSeed.Value);
        return chunks switch
        {
            Chunks.OfRandomSizes => [.. Enumerable.Range(0, ChunkSizes).Select(_ => random.Next(random.Next(2) == 0 ? SmallChunkBytes : LargeChunkBytes) + 1)],
            Chunks.OfOneByte => [1],
            _ => null,
        };
    }

    private static void AssertRead(IReadOnlyList<SseMessage> expected, IReadOnlyList<SseMessage> events)
    {
        for (var i = 0; i < Math.Min(events.Count, expected.Count); i++)
            Assert.True(expected[i] == events[i], $"{FuzzSeed.Hint}\nEvent {i}\nexpected {Show(expected[i])}\ngot      {Show(events[i])}");

        Assert.True(expected.Count == events.Count, $"{FuzzSeed.Hint}\n{events.Count} events came; {expected.Count} were published.");
    }

    private static string Show(SseMessage message) => JsonSerializer.Serialize(message) is var text && text.Length > MaxShown ? text[..MaxShown] + "..." : text;
}
