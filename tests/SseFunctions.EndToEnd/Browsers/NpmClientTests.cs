using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The event stream clients that pages and Node programs take from npm: each passes on exactly what was published.</summary>
public sealed partial class NpmClientTests
{
    private const int Ends = 2;

    private const int EventsAfterKill = 20;

    [SkippableTheory]
    [InlineDataInFull("eventsource@4")]
    [InlineDataInFull("eventsource@5")]
    [InlineDataInFull("launchdarkly-eventsource")]
    [InlineDataInFull("reconnecting-eventsource")]
    [InlineDataInFull("sse.js")]
    [InlineData("@microsoft/fetch-event-source")] // the others are EventSources, of which every run has a browser's
    public async Task Client_passes_on_every_event_once_and_nothing_else_when_responses_end_and_the_host_is_killed(string client)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var (table, topic) = (TestStorage.NewTableName(), TopicApi.NewTopic());
        await using var publishing = await TestHost.StartOnAsync(table);
        await using var streaming = await LocalHostProcess.StartAsync(table, EventSourceHosts.Retry, "Stream__Lifetime=00:00:02", "Stream__Heartbeat=00:00:01");
        await using var proxy = CuttingProxy.Start(streaming.BaseAddress);
        using var node = await NodeFolder.StartAsync("clients.mjs", client, new Uri(proxy.BaseAddress, $"events/{topic}?from=start").AbsoluteUri);
        await using var publisher = new SteadyPublisher(publishing.Client, topic);
        var messages = new List<string>();

        while (CleanEnd().Count(proxy.Answered) < Ends)
            messages.Add(await ReadAsync(node));

        await streaming.KillAsync();
        await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + EventsAfterKill);
        await using var again = await streaming.StartAgainAsync();
        var published = publisher.Acknowledged.Count;
        while (messages.Count < published + EventsAfterKill)
            messages.Add(await ReadAsync(node));

        var ids = await publisher.StopAsync();
        while (messages.Count < ids.Count)
            messages.Add(await ReadAsync(node));

        node.StandardInput.Close();
        var more = await node.StandardOutput.ReadToEndAsync().WaitAsync(SseStream.Timeout);
        Assert.Equal(ids.Select((id, i) => JsonSerializer.Serialize<string[]>([id, $"{i}"])), messages);
        Assert.Equal("", more);
    }

    /// <summary>A stream would come when it ends.</summary>
    [SkippableTheory]
    [InlineData("eventsource@5")]
    [InlineDataInFull("reconnecting-eventsource")]
    public async Task Client_gets_each_event_at_once_by_long_polls_through_a_proxy_that_holds_responses_back(string client)
    {
        const int Events = 10;
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var topic = TopicApi.NewTopic();
        await using var host = await TestHost.StartOnAsync(TestStorage.NewTableName(), EventSourceHosts.Retry);
        await using var proxy = await BufferingProxy.StartAsync(host.BaseAddress);
        using var http = new HttpClient { BaseAddress = proxy.BaseAddress };
        var first = await host.Client.PublishAllAsync(topic, "0");
        var held = http.GetAsync($"events/{topic}", HttpCompletionOption.ResponseHeadersRead);
        using var node = await NodeFolder.StartAsync("clients.mjs", client, new Uri(proxy.BaseAddress, $"events/{topic}?mode=long-poll&from=start").AbsoluteUri);
        var (ids, messages) = (new List<string>(first), new List<string> { await ReadAsync(node) });

        for (var i = 1; i < Events; i++)
        {
            ids.AddRange(await host.Client.PublishAllAsync(topic, $"{i}"));
            messages.Add(await ReadAsync(node)); // before the next is published
        }

        Assert.Equal(ids.Select((id, i) => JsonSerializer.Serialize<string[]>([id, $"{i}"])), messages);
        Assert.False(held.IsCompleted);
        node.StandardInput.Close();
        Assert.Equal("", await node.StandardOutput.ReadToEndAsync().WaitAsync(SseStream.Timeout));
    }

    private static async Task<string> ReadAsync(Process node) =>
        await node.StandardOutput.ReadLineAsync().WaitAsync(SseStream.Timeout) ?? throw new InvalidOperationException("The client has ended.");

    [GeneratedRegex("end of this response")]
    private static partial Regex CleanEnd();
}
