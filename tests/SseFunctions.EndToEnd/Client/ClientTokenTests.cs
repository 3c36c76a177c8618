using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>client.js in Chromium with tokens that expire.</summary>
public sealed class ClientTokenTests(Chromium browser) : IClassFixture<Chromium>
{
    private const string Renew = "{ token: () => newToken() }";

    private static readonly string[] Settings =
        ["Access__AnonymousTopics=", $"Access__SigningKey={SignedToken.Key}", "Stream__Retry=00:00:00.100"];

    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableTheory]
    [InlineData(true)] // renewed before it expires
    [InlineData(false)] // renewed when the server refuses it
    public async Task Client_misses_and_repeats_nothing_when_its_tokens_expire(bool isExpiryKnown)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, [.. Settings, "Stream__Lifetime=00:00:02"]);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, host.BaseAddress);
        var refused = new Tally();
        tab.Page.Response += (_, answer) =>
        {
            if (answer.Status == 401)
                refused.Add();
        };
        var tokens = 0;
        await tab.Page.ExposeFunctionAsync("newToken", () =>
        {
            tokens++;
            // 25 s: with less than 30 s left it is renewed each time that a stream ends. One that is refused must expire.
            return Token(DateTimeOffset.UtcNow.AddSeconds(isExpiryKnown ? 25 : 8), isExpiryKnown);
        });
        await using var publisher = new SteadyPublisher(host.Client, topic);
        await publisher.Acknowledged.ReachesAsync(1);

        await tab.OpenAsync($"events/{topic}?from=start", Renew);
        await tab.WaitUntilAsync("sources.length >= 3");
        var ids = await publisher.StopAsync();

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(ids.Count));
        Assert.True(tokens >= 3, $"{tokens}");
        if (!isExpiryKnown)
            await refused.ReachesAsync(2);
        else
            Assert.Equal(0, refused.Count);
    }

    [SkippableFact]
    public async Task Client_asks_for_a_token_again_when_that_has_failed()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Settings);
        await using var profile = await browser.NewProfileAsync();
        var ids = await host.Client.PublishAllAsync(topic, "0");
        var tab = await ClientTab.NewAsync(profile, host.BaseAddress);
        var calls = 0;
        await tab.Page.ExposeFunctionAsync("newToken", () => ++calls < 3
            ? throw new InvalidOperationException("the backend is away")
            : SignedToken.For(DateTimeOffset.UtcNow.AddMinutes(10), topic));

        await tab.OpenAsync($"events/{topic}?from=start", Renew);

        Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
    }

    [SkippableFact]
    public async Task Client_asks_for_a_token_again_when_none_comes()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Settings);
        await using var profile = await browser.NewProfileAsync();
        var ids = await host.Client.PublishAllAsync(topic, "0");
        var tab = await ClientTab.NewAsync(profile, host.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        await tab.Page.ExposeFunctionAsync("newToken", () => SignedToken.For(DateTimeOffset.UtcNow.AddMinutes(10), topic));
        await tab.EvaluateAsync<int>("window.calls = 0");
        await tab.OpenAsync($"events/{topic}?from=start", "{ token: () => calls++ ? newToken() : new Promise(() => { }) }");
        await tab.WaitUntilAsync("calls === 1");

        await tab.Page.Clock.FastForwardAsync("00:31");

        Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
    }

    [SkippableTheory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Client_closes_and_says_the_status_when_a_new_token_is_refused(int status)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Settings);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, host.BaseAddress);
        await tab.Page.ExposeFunctionAsync("newToken", () => SignedToken.For(DateTimeOffset.UtcNow.AddMinutes(status == 401 ? -10 : 10), "other"));

        await tab.OpenAsync($"events/{topic}", Renew);

        await tab.WaitUntilAsync("events.readyState === 2 && errors.length > 0");
        Assert.Equal($"[[2,{status}]]", await tab.EvaluateAsync<string>("JSON.stringify(errors)"));
    }

    [SkippableFact]
    public async Task Client_closes_and_says_401_when_there_is_no_way_to_a_token()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Settings);
        await using var profile = await browser.NewProfileAsync();

        var tab = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");

        await tab.WaitUntilAsync("events.readyState === 2 && errors.length > 0");
        Assert.Equal("[[2,401]]", await tab.EvaluateAsync<string>("JSON.stringify(errors)"));
    }

    /// <param name="expires">When it expires.</param>
    /// <param name="isReadable">Whether its payload is plain Base64 as well: three question marks, at the right place, are not.</param>
    private string Token(DateTimeOffset expires, bool isReadable)
    {
        var claims = SignedToken.Claims(expires, topic);
        for (var padding = ""; !isReadable && !SignedToken.Encode(claims).Contains('_', StringComparison.Ordinal); padding += " ")
            claims = SignedToken.Claims(expires, topic).Replace("{", $$"""{"note":"{{padding}}???",""", StringComparison.Ordinal);

        return SignedToken.Make(SignedToken.Header, claims);
    }
}
