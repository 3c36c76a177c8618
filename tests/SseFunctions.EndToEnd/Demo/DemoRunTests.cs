using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>The demo page's runs: each survives a reload and a cut, and the page checks its text.</summary>
public sealed class DemoRunTests(Chromium browser) : IClassFixture<Chromium>
{
    [SkippableTheory]
    [InlineData("#startAnswer", 8)]
    [InlineData("#startJob", 1)]
    public async Task Run_is_shown_exactly_when_the_page_is_loaded_again_and_cut_in_its_middle(string button, int rate)
    {
        Chromium.SkipIfNotInstalled();
        await using var host = await TestHost.StartOnAsync(TestStorage.NewTableName());
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress);
        await tab.Page.RouteAsync("**/demo/runs?*", route => route.ContinueAsync(new() { Url = $"{route.Request.Url}&rate={rate}" })); // 20 s, so that its middle is long
        await tab.Page.ClickAsync(button);
        await PiecesAsync(tab, 2);

        await tab.Page.ReloadAsync();
        await PiecesAsync(tab, 4);
        await tab.Page.ClickAsync("#cutRun");
        await tab.WaitUntilAsync("() => run.cuts === 1");

        await tab.WaitUntilAsync("() => document.getElementById('run').dataset.state === 'complete'");
        var topic = await tab.Page.EvaluateAsync<string>("run.topic");
        Assert.Equal(await RunTopic.CommittedTextAsync(host.Client, topic), await tab.Page.EvaluateAsync<string>("document.getElementById('runText').textContent"));
        Assert.EndsWith("exactly the text that was published, over 1 cuts.", await tab.Page.InnerTextAsync("#runState"), StringComparison.Ordinal);
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Run_is_said_to_be_wrong_when_its_text_is_not_what_was_announced()
    {
        Chromium.SkipIfNotInstalled();
        await using var host = await TestHost.StartOnAsync(TestStorage.NewTableName());
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress);
        await PublishAsync("run", """{"pieces":1,"length":5,"checksum":0}""");
        await PublishAsync("piece", "words");
        await PublishAsync("done", "x");

        await tab.Page.EvaluateAsync("followRun('demo-run-wrong')");

        await tab.WaitUntilAsync("() => document.getElementById('run').dataset.state === 'wrong'");

        async Task PublishAsync(string type, string text)
        {
            using var answer = await host.Client.PostAsync($"events/demo-run-wrong?type={type}", new StringContent(text));
            answer.EnsureSuccessStatusCode();
        }
    }

    [Theory]
    [InlineData("kind=poem", "kind")]
    [InlineData("pieces=0", "pieces")]
    [InlineData("pieces=2001", "pieces")]
    [InlineData("rate=101", "rate")]
    [InlineData("rate=x", "rate")]
    [InlineData("rate=1&rate=2", "rate")]
    public async Task Answer_is_400_when_a_parameter_is_not_allowed(string query, string field)
    {
        await using var host = await TestHost.StartAsync();

        using var answer = await host.Client.PostAsync($"demo/runs?{query}", null);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());
    }

    [Fact]
    public async Task Run_ends_visibly_when_the_host_stops()
    {
        var table = TestStorage.NewTableName();
        await using var reader = await TestHost.StartOnAsync(table);
        string topic;
        await using (var host = await TestHost.StartOnAsync(table))
        {
            topic = await RunTopic.StartAsync(host.Client, pieces: 2000, rate: 10);
            await host.StopAsync();
        }

        await using var stream = await SseStream.OpenAsync(reader.Client, $"events/{topic}?from=start");
        SseMessage? last = null;
        while (await stream.ReadEventAsync() is { } message)
            last = message;

        Assert.Equal(("error", """{"reason":"stopping"}"""), (last?.Type, last?.Data));
    }

    private static async Task PiecesAsync(DemoTab tab, int count) => await tab.WaitUntilAsync("count => run?.pieces >= count", count);
}
