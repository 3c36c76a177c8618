using System.Text.Json;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>Chromium on a page of another origin: another local host's.</summary>
public sealed class CrossOriginTests(Browser browser) : IClassFixture<Browser>
{
    private const string Listen = """
        ([url, cookie]) => {
          document.cookie = cookie;
          window.seen = [];
          window.opened = 0;
          window.source = new EventSource(url, { withCredentials: true });
          source.onopen = () => opened++;
          source.onmessage = event => seen.push([event.lastEventId, event.data]);
        }
        """;

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
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var pages = await LocalHostProcess.StartAsync(table);
        await using var host = await LocalHostProcess.StartAsync(
            table, [.. Allow(pages), "Access__AnonymousTopics=", $"Access__SigningKey={SignedToken.Key}", "Stream__Lifetime=00:00:01", "Stream__Retry=00:00:00.200"]);
        var page = await OpenAsync(pages);
        var token = SignedToken.For(DateTimeOffset.UtcNow.AddMinutes(10), "orders.*");
        var first = await host.Client.PublishAsync("orders.eu", "1");

        await page.EvaluateAsync(Listen, new object[] { new Uri(host.BaseAddress, "events/orders.eu?from=start").AbsoluteUri, $"sse_token={token}" });
        await page.WaitForFunctionAsync("() => seen.length >= 1 && opened >= 2");
        var second = await host.Client.PublishAsync("orders.eu", "2");
        await page.WaitForFunctionAsync("() => seen.length >= 2");

        Assert.Equal($"""[["{first}","1"],["{second}","2"]]""", JsonSerializer.Serialize(await page.EvaluateAsync<JsonElement>("seen")));
        await page.CloseAsync();
    }

    [SkippableFact]
    public async Task Page_publishes_and_reads_the_problems_when_its_origin_is_named()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var pages = await LocalHostProcess.StartAsync(table);
        await using var host = await LocalHostProcess.StartAsync(table, Allow(pages));
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
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var pages = await LocalHostProcess.StartAsync(table);
        await using var host = await LocalHostProcess.StartAsync(table);
        var page = await OpenAsync(pages);

        var (status, _) = await PostAsync(page, host, type);

        Assert.Equal(0, status);
        Assert.Equal(0, (await host.Client.GetTopicAsync("a")).GetProperty("count").GetInt64());
        await page.CloseAsync();
    }

    private static string[] Allow(LocalHostProcess pages) =>
        [$"Host__CORS={pages.BaseAddress.GetLeftPart(UriPartial.Authority)}", "Host__CORSCredentials=true"];

    private async Task<IPage> OpenAsync(LocalHostProcess pages)
    {
        var page = await browser.NewPageAsync();
        await page.GotoAsync(new Uri(pages.BaseAddress, "health").AbsoluteUri);
        return page;
    }

    private static async Task<(int Status, string Text)> PostAsync(IPage page, LocalHostProcess host, string type)
    {
        var headers = type == "text/plain" ? [] : new Dictionary<string, string> { ["Idempotency-Key"] = "1", ["x-functions-key"] = "k", ["Authorization"] = "Bearer x" };
        var answer = await page.EvaluateAsync<JsonElement>(Post, new object[] { new Uri(host.BaseAddress, "events/a").AbsoluteUri, type, headers });
        return (answer[0].GetInt32(), answer[1].GetString()!);
    }
}
