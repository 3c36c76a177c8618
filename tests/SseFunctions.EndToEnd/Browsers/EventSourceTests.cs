using System.Globalization;
using System.Text.RegularExpressions;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>EventSources that nobody here wrote, through the ends of responses, of connections, of hosts and of storage.</summary>
/// <param name="hosts">What they read from.</param>
/// <param name="client">Opens them.</param>
/// <param name="isOneOfMany">Only a thorough run does all with it.</param>
public abstract partial class EventSourceTests(EventSourceHosts hosts, IEventSourceClient client, bool isOneOfMany = false)
{
    public sealed class InChromium(EventSourceHosts hosts, Chromium browser) : EventSourceTests(hosts, browser), IClassFixture<EventSourceHosts>, IClassFixture<Chromium>;

    public sealed class InFirefox(EventSourceHosts hosts, Firefox firefox) : EventSourceTests(hosts, firefox, isOneOfMany: true), IClassFixture<EventSourceHosts>, IClassFixture<Firefox>;

    public sealed class InWebKit(EventSourceHosts hosts, WebKit webKit) : EventSourceTests(hosts, webKit, isOneOfMany: true), IClassFixture<EventSourceHosts>, IClassFixture<WebKit>;

    public sealed class InNode(EventSourceHosts hosts, NodeEventSources node) : EventSourceTests(hosts, node, isOneOfMany: true), IClassFixture<EventSourceHosts>, IClassFixture<NodeEventSources>
    {
        [SkippableFact]
        public async Task Client_waits_as_long_as_each_response_said_last()
        {
            const int Responses = 4;
            SkipIfNotHere(inEveryRun: true);
            await using var proxy = CuttingProxy.Start(Hosts.Brief.BaseAddress);
            await using var source = await node.OpenInChunksAsync(new Uri(proxy.BaseAddress, $"events/{Topic}?mode=poll"), null);

            await source.WaitUntilOpenedAsync(Responses + 1);

            var sent = proxy.Answered.Split("HTTP/1.1 200")[1..].Select(response => int.Parse(RetryField().Matches(response)[^1].Groups["ms"].Value, CultureInfo.InvariantCulture));
            Assert.Equal(sent.Take(Responses), source.WaitsMs.Take(Responses));
        }
    }

    private const string Data = "cut";

    protected EventSourceHosts Hosts { get; } = hosts;

    protected string Topic { get; } = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Client_misses_and_repeats_nothing_when_responses_end_while_events_are_published()
    {
        const int Connections = 4;
        SkipIfNotHere(inEveryRun: true);
        await KnowHeadAsync(Hosts.Brief, Topic);
        await using var source = await client.OpenAsync(Hosts.Brief.BaseAddress, $"events/{Topic}");
        await source.WaitUntilReconnectingAsync();
        await using var publisher = new SteadyPublisher(Hosts.LongRetry.Client, Topic);
        await source.ReadEventsAsync(1); // not in the next responses perhaps: a quiet topic is looked at less often than they last
        await source.WaitUntilOpenedAgainAsync(Connections);
        await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 1);
        var ids = await publisher.StopAsync();

        var events = await source.ReadEventsAsync(ids.Count);

        await source.CloseAsync();
        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), events);
        var carried = (await source.RequestsAsync()).Select(request => request.LastEventId).ToList();
        Assert.Null(carried[0]);
        Assert.EndsWith("-0", carried[1], StringComparison.Ordinal); // a quiet response has said where it is
        if (carried[^1] is null)
            carried.RemoveAt(carried.Count - 1); // of a request that was cut off at the end the browser tells no headers

        Assert.Contains(carried[^1], ids);
        // It may have been closed between an end and its next request.
        var (ends, after) = (source.CursorsAtEnds.Skip(1).Select(id => id ?? carried[1]).ToList(), carried.Skip(2).ToList());
        Assert.InRange(after.Count, ends.Count - 1, ends.Count + 1);
        Assert.Equal(ends.Take(after.Count), after.Take(ends.Count));
    }

    [SkippableTheory]
    [InlineDataInFull("id: ", 0)] // within the frame's first line
    [InlineData("id: ", 4)] // within the id, of which what has come is an id as well
    [InlineData("\ndata: ", 1)] // the id has come, its event has not
    [InlineDataInFull(Data, 2)]
    [InlineDataInFull(Data, 3)] // the line has not ended
    [InlineData(Data, 4)] // the line has ended, the frame has not
    public async Task Client_goes_on_after_the_last_whole_event_when_the_connection_is_reset_within_a_frame(string after, int offset)
    {
        SkipIfNotHere();
        await using var proxy = CuttingProxy.Start(Hosts.Steady.BaseAddress);
        await using var source = await client.OpenAsync(proxy.BaseAddress, $"events/{Topic}?from=start");
        var ids = new List<string> { await Hosts.LongRetry.Client.PublishAsync(Topic, "whole") };
        await source.ReadEventsAsync(1);
        proxy.CutAt = answered => Regex.Match(answered, $"id: [^\n]+\ndata: {Data}\n\n") is { Success: true } frame
            ? frame.Index + frame.Value.IndexOf(after, StringComparison.Ordinal) + offset
            : null;

        ids.Add(await Hosts.LongRetry.Client.PublishAsync(Topic, Data));

        var events = await source.ReadEventsAsync(2);
        Assert.Null(proxy.CutAt);
        Assert.Equal([new(ids[0], "message", "whole"), new(ids[1], "message", Data)], events);
        Assert.Equal("open-Open event-Open error-Connecting open-Open event-Open", string.Join(' ', source.Steps));
        Assert.Equal([null, ids[0]], (await source.RequestsAsync()).Select(request => request.LastEventId));
    }

    [SkippableTheory]
    [InlineData(401, null)]
    [InlineData(403, "others.*")]
    public async Task Client_closes_for_good_when_it_may_not_read(int status, string? topics)
    {
        SkipIfNotHere(inEveryRun: true);
        var token = topics is null ? "" : $"?token={SignedToken.For(DateTimeOffset.UtcNow.AddMinutes(10), topics)}";

        await using var source = await client.OpenAsync(Hosts.Steady.BaseAddress, $"events/closed-{Topic}{token}");

        await source.WaitUntilClosedAsync();
        Assert.Equal([new EventSourceStep("error", EventSourceState.Closed, null)], source.Steps);
        Assert.Equal([new EventSourceRequest(null, status)], await source.RequestsAsync());
    }

    /// <summary>Both have lost their connections; the one that must wait stays away while the other comes and goes.</summary>
    [SkippableFact]
    public async Task Client_waits_as_long_as_the_server_says()
    {
        const int Connections = 6; // of 0.8 s or more, in all longer than the 3 s that a client waits without a reconnection time
        SkipIfNotHere();
        await using var waiting = await client.OpenAsync(Hosts.LongRetry.BaseAddress, $"events/{Topic}?mode=poll");
        await waiting.WaitUntilReconnectingAsync();

        await using var coming = await client.OpenAsync(Hosts.Brief.BaseAddress, $"events/{Topic}");
        await coming.WaitUntilOpenedAsync(Connections);

        Assert.Equal("open-Open error-Connecting", string.Join(' ', waiting.Steps));
        Assert.Single(await waiting.RequestsAsync());
    }

    /// <param name="inEveryRun">Whether every run does it with every client.</param>
    protected void SkipIfNotHere(bool inEveryRun = false)
    {
        Skip.If(isOneOfMany && !inEveryRun && !Thoroughness.IsFull, Thoroughness.OnlyInFull);
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(client.Absence is not null, client.Absence);
    }

    /// <summary>The first look at a topic may take longer than the shortest response lasts.</summary>
    private static async Task KnowHeadAsync(TestHost host, string topic)
    {
        IReadOnlyList<string> frames;
        do
        {
            await using var stream = await SseStream.OpenAsync(host.Client, $"events/{topic}");
            frames = await stream.ReadToEndAsync();
        }
        while (!frames.Any(frame => frame.StartsWith("id: ", StringComparison.Ordinal)));
    }

    [GeneratedRegex("^retry: (?<ms>[0-9]+)\n", RegexOptions.Multiline)]
    private static partial Regex RetryField();
}
