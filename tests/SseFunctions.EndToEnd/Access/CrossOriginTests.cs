using System.Text.Json;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Access;

/// <summary>Chromium on a page of another origin: another local host's.</summary>
public sealed class CrossOriginTests(Chromium browser) : IClassFixture<Chromium>
{
    private const string Post = """
        async ([url, type, headers]) => {
          try {
            const answer = await fetch(url, { method: "POST", credentials: "include", headers: { "Content-Type": type, ...headers }, body: "7" });
            return [answer.status, await answer.text()];
          } catch (error) {
            return [0, String(error)];
          }
        }
        """;

    private readonly string table = TestStorage.NewTableName();

    [SkippableFact]
    public async Task EventSource_with_credentials_reads_and_reconnects_when_its_origin_is_named_and_its_cookie_holds_a_token()
    {
        SkipIfNotHere();
        await using var pages = await TestHost.StartOnAsync(table);
        await using var host = await TestHost.StartOnAsync(
            table, [.. Allow(pages), "Access__AnonymousTopics=", $"Access__SigningKey={SignedToken.Key}", "Stream__Lifetime=00:00:01", "Stream__Retry=00:00:00.200"]);
        await using var page = await EventSourcePage.GoToAsync(await browser.NewPageAsync(), pages.BaseAddress);
        await page.SetCookieAsync($"sse_token={SignedToken.For(DateTimeOffset.UtcNow.AddMinutes(10), "orders.*")}");
        var first = await host.Client.PublishAsync("orders.eu", "1");

        await page.ConnectAsync(new Uri(host.BaseAddress, "events/orders.eu?from=start"), withCredentials: true);
        await page.ReadEventsAsync(1);
        await page.WaitUntilOpenedAgainAsync(1);
        var second = await host.Client.PublishAsync("orders.eu", "2");

        Assert.Equal([new(first, "message", "1"), new(second, "message", "2")], await page.ReadEventsAsync(2));
        Assert.Contains(first, (await page.RequestsAsync()).Select(request => request.LastEventId));
        await using var without = await EventSourcePage.GoToAsync(await browser.NewPageAsync(), pages.BaseAddress);
        await without.ConnectAsync(new Uri(host.BaseAddress, "events/orders.eu?from=start"), withCredentials: true);
        await without.WaitUntilClosedAsync();
        Assert.Equal(401, Assert.Single(await without.RequestsAsync()).Status);
    }

    [SkippableFact]
    public async Task EventSource_reads_and_reconnects_when_every_origin_is_allowed()
    {
        SkipIfNotHere();
        await using var pages = await TestHost.StartOnAsync(table);
        await using var host = await TestHost.StartOnAsync(table, "Host__CORS=*", "Stream__Retry=00:00:00.200");
        await using var page = await EventSourcePage.GoToAsync(await browser.NewPageAsync(), pages.BaseAddress);
        var id = await host.Client.PublishAsync("a", "1");

        await page.ConnectAsync(new Uri(host.BaseAddress, "events/a?from=start&mode=poll"));

        await page.WaitUntilOpenedAsync(2);
        Assert.Equal([new(id, "message", "1")], await page.ReadEventsAsync(1));
        Assert.Equal([null, id], (await page.RequestsAsync()).Take(2).Select(request => request.LastEventId));
    }

    [SkippableTheory]
    [InlineData("http://elsewhere.example", false)]
    [InlineDataInFull("", false)]
    [InlineData("*", true)] // browsers let nobody have cookies whom a server does not name
    public async Task EventSource_closes_for_good_and_sees_nothing_when_its_origin_is_not_allowed(string origins, bool withCredentials)
    {
        SkipIfNotHere();
        await using var pages = await TestHost.StartOnAsync(table);
        await using var host = await TestHost.StartOnAsync(table, $"Host__CORS={origins}");
        await using var page = await EventSourcePage.GoToAsync(await browser.NewPageAsync(), pages.BaseAddress);
        await host.Client.PublishAsync("a", "1");

        await page.ConnectAsync(new Uri(host.BaseAddress, "events/a?from=start"), withCredentials);

        await page.WaitUntilClosedAsync();
        Assert.Equal([new EventSourceStep("error", EventSourceState.Closed, null)], page.Steps);
    }

    [SkippableFact]
    public async Task Page_publishes_and_reads_the_problems_when_its_origin_is_named()
    {
        SkipIfNotHere();
        await using var pages = await TestHost.StartOnAsync(table);
        await using var host = await TestHost.StartOnAsync(table, Allow(pages));
        var page = await OpenAsync(pages);

        var (created, _) = await PostAsync(page, host, "application/json");
        var (unsupported, problem) = await PostAsync(page, host, "image/png");

        Assert.Equal(201, created);
        Assert.Equal(415, unsupported);
        Assert.Equal("Content-Type", JsonSerializer.Deserialize<JsonElement>(problem).GetProperty("field").GetString());
        await page.CloseAsync();
    }

    [SkippableTheory]
    [InlineData("text/plain")] // a simple request: sent without asking
    [InlineData("application/json")]
    public async Task Page_publishes_nothing_when_its_origin_is_not_named(string type)
    {
        SkipIfNotHere();
        await using var pages = await TestHost.StartOnAsync(table);
        await using var host = await TestHost.StartOnAsync(table);
        var page = await OpenAsync(pages);

        var (status, _) = await PostAsync(page, host, type);

        Assert.Equal(0, status);
        Assert.Equal(0, (await host.Client.GetTopicAsync("a")).GetProperty("count").GetInt64());
        await page.CloseAsync();
    }

    private static void SkipIfNotHere()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Chromium.SkipIfNotInstalled();
    }

    private static string[] Allow(TestHost pages) =>
        [$"Host__CORS={pages.BaseAddress.GetLeftPart(UriPartial.Authority)}", "Host__CORSCredentials=true"];

    private async Task<IPage> OpenAsync(TestHost pages)
    {
        var page = await browser.NewPageAsync();
        await page.GotoAsync(new Uri(pages.BaseAddress, "health").AbsoluteUri);
        return page;
    }

    private static async Task<(int Status, string Text)> PostAsync(IPage page, TestHost host, string type)
    {
        var headers = type == "text/plain" ? [] : new Dictionary<string, string> { ["Idempotency-Key"] = "1", ["x-functions-key"] = "k", ["Authorization"] = "Bearer x" };
        var answer = await page.EvaluateAsync<JsonElement>(Post, new object[] { new Uri(host.BaseAddress, "events/a").AbsoluteUri, type, headers });
        return (answer[0].GetInt32(), answer[1].GetString()!);
    }
}
