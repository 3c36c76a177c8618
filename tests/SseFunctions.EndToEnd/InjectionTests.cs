using System.Net.ServerSentEvents;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>Whatever a publisher sends, a client gets that type and that data, and nothing else.</summary>
public sealed class InjectionTests(HostileEvents hostile, Browser browser) : IClassFixture<HostileEvents>, IClassFixture<Browser>
{
    private const int MaxShown = 400;

    [SkippableFact]
    public void Publishers_are_answered_as_the_rules_say()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Assert.True(hostile.WronglyAnswered.Count == 0, $"{FuzzSeed.Hint}\n{string.Join('\n', hostile.WronglyAnswered)}");
        Assert.True(hostile.Expected.Count > 200, $"{hostile.Expected.Count}");
    }

    [SkippableFact]
    public async Task SseParser_reads_what_was_published()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var events = new List<SseMessage>();
        var parser = SseParser.Create(new MemoryStream(await ReadAsync()));

        foreach (var item in parser.Enumerate())
            events.Add(new SseMessage(parser.LastEventId, item.EventType, item.Data));

        AssertRead(hostile.Expected, events);
    }

    [SkippableFact]
    public async Task Npms_eventsource_parser_reads_what_was_published()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);

        AssertRead(hostile.Expected, await EventSourceParser.ParseAsync(await ReadAsync()));
    }

    [SkippableFact]
    public async Task Chromium_reads_what_was_published()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        var types = hostile.Expected.Select(e => e.Type).Distinct().Except(["message", "open", "error"]).ToArray();
        await using var page = await EventSourcePage.OpenAsync(browser, hostile.Host.BaseAddress, $"events/{hostile.Topic}?from=start", types);

        // An EventSource has listeners of its own for open and error: what is published by these names is theirs.
        var expected = hostile.Expected.Where(e => e.Type is not ("open" or "error")).ToList();
        AssertRead(expected, await page.ReadEventsAsync(expected.Count));
    }

    private Task<byte[]> ReadAsync() =>
        hostile.Host.Client.GetByteArrayAsync($"events/{hostile.Topic}?from=start&mode=poll").WaitAsync(SseStream.Patience);

    private static void AssertRead(IReadOnlyList<SseMessage> expected, IReadOnlyList<SseMessage> events)
    {
        for (var i = 0; i < Math.Min(events.Count, expected.Count); i++)
            Assert.True(expected[i] == events[i], $"{FuzzSeed.Hint}\nEvent {i}\nexpected {Show(expected[i])}\ngot      {Show(events[i])}");

        Assert.True(expected.Count == events.Count, $"{FuzzSeed.Hint}\n{events.Count} events came; {expected.Count} were published.");
    }

    private static string Show(SseMessage message) => JsonSerializer.Serialize(message) is var text && text.Length > MaxShown ? text[..MaxShown] + "..." : text;
}
