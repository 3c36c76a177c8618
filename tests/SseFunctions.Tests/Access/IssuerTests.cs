using System.Net;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>Tokens of an OpenID Connect issuer, with its discovery document and its keys on loopback.</summary>
public sealed class IssuerTests : IAsyncLifetime
{
    private const string Audience = "api://events";
    private const string Reason = "access cannot be checked now";

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private DiscoveryEndpoint issuer = null!;
    private TestHost host = null!;

    public async Task InitializeAsync()
    {
        issuer = await DiscoveryEndpoint.StartAsync();
        host = await TestHost.StartAsync(
            [
                "Access:AnonymousTopics=", $"Access:SigningKey={SignedToken.Key}", $"Access:Issuers:0:Authority={issuer.Authority}", $"Access:Issuers:0:Audience={Audience}",
                "Access:Issuers:0:Topics=users.{oid},users.{oid}.*,news", "Access:Issuers:0:Publish=users.{oid}",
            ],
            time);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task Token_opens_the_topics_of_its_claim_and_of_the_templates(string algorithm)
    {
        var token = issuer.AddKey(algorithm).Token(Claims("""
            "topics":["orders.*","no topic!",7],"oid":"u-17"
            """));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("orders.eu", token));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("users.u-17", token));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("users.u-17.inbox", token));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("news", token));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("users.u-18", token));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("users.u-170", token));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("clock", SignedToken.For(time.GetUtcNow().AddHours(1), "*"))); // its own stay good
    }

    [Theory]
    [InlineData("""
        "oid":"a.b"
        """, "users.a.b")]
    [InlineData("""
        "oid":"*"
        """, "users.x")]
    [InlineData("""
        "oid":""
        """, "users.")]
    [InlineData("""
        "oid":["x"]
        """, "users.x")]
    [InlineData("""
        "sub":"x"
        """, "users.x")]
    public async Task Claim_whose_value_reaches_beyond_its_place_opens_nothing(string claim, string topic) =>
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(topic, issuer.AddKey().Token(Claims(claim))));

    [Fact]
    public async Task Tokens_without_a_subject_are_told_apart()
    {
        var key = issuer.AddKey();
        await using var publishing = await TestHost.StartAsync([$"Access:Issuers:0:Authority={issuer.Authority}", $"Access:Issuers:0:Audience={Audience}"]); // whose clock goes

        var statuses = new List<HttpStatusCode>();
        foreach (var (id, text) in ((int, string)[])[(1, "one"), (1, "one"), (2, "two")])
            statuses.Add(await PublishAsync(publishing, key.Token(Claims($"\"publish\":[\"chat\"],\"jti\":\"{id}\"")), text));

        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.Created], statuses);
    }

    [Fact]
    public async Task Scopes_are_texts_separated_by_spaces() =>
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("orders.eu", issuer.AddKey().Token(Claims("""
            "topics":"openid orders.*"
            """))));

    [Fact]
    public async Task Token_is_refused_when_it_is_not_the_issuers_own()
    {
        var (key, foreign) = (issuer.AddKey("RS256"), IssuerKey.Create("RS256"));
        var good = Claims("\"topics\":[\"*\"]");
        var old = Claims("\"topics\":[\"*\"]", issued: -3600);
        var publicKey = key.Public["n"];

        await AssertRefusedAsync("audience", key.Token(Claims("\"topics\":[\"*\"]", audience: "api://other")));
        await AssertRefusedAsync("issuer", key.Token(Claims("\"topics\":[\"*\"]", from: "https://login.example.com")));
        await AssertRefusedAsync("expired", key.Token(Claims("\"topics\":[\"*\"]", expires: -1)));
        await AssertRefusedAsync("signature", foreign.Token(good, $$"""{"alg":"RS256","kid":"{{key.Id}}"}"""));
        await AssertRefusedAsync("no key of that kid", foreign.Token(old));
        await AssertRefusedAsync("signature", foreign.Token(old, """{"alg":"RS256"}"""));
        await AssertRefusedAsync("crit", key.Token(good, $$"""{"alg":"RS256","kid":"{{key.Id}}","crit":["x"]}"""));
        await AssertRefusedAsync("signature", SignedToken.Make($$"""{"alg":"HS256","kid":"{{key.Id}}"}""", good, publicKey)); // the public key as a secret
        await AssertRefusedAsync("alg", SignedToken.Make("""{"alg":"none"}""", good));
        await AssertRefusedAsync("alg", key.Token(good, $$"""{"alg":"RS384","kid":"{{key.Id}}"}"""));
        await AssertRefusedAsync("16384", key.Token(Claims($"\"topics\":[\"*\"],\"a\":\"{new string('a', 16384)}\"")), inHeader: true);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("a", key.Token(good)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Token_of_a_new_key_is_told_to_come_back_and_then_opens_while_the_old_key_goes(bool hasKeyId)
    {
        var before = issuer.AddKey("RS256");
        var oldToken = before.Token(Claims("\"topics\":[\"*\"]"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("a", oldToken));

        time.Advance(TimeSpan.FromSeconds(1));
        var token = issuer.Rotate("ES256").Token(Claims("\"topics\":[\"*\"]"), hasKeyId ? null : """{"alg":"ES256"}""");

        Assert.Contains(Reason, await PollAsync(token), StringComparison.Ordinal); // the keys were read a second ago
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.DoesNotContain(Reason, await PollAsync(token), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("a", oldToken)); // and the next reading is without it
        Assert.Equal(2, issuer.Reads);
    }

    [Fact]
    public async Task Keys_in_memory_stay_in_use_while_the_issuer_is_unreachable()
    {
        var token = issuer.AddKey().Token(Claims("\"topics\":[\"*\"]", expires: 86_400));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("a", token));
        issuer.IsReachable = false;

        for (var hour = 0; hour < 3; hour++)
        {
            time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync("a", token));
            Assert.DoesNotContain(Reason, await PollAsync(token), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nobody_is_refused_for_good_while_the_issuer_is_unreachable_and_no_key_is_in_memory()
    {
        var token = issuer.AddKey().Token(Claims("\"topics\":[\"*\"]"));
        issuer.IsReachable = false;

        Assert.Contains(Reason, await PollAsync(token), StringComparison.Ordinal);
        using (var answer = await host.Client.GetAsync($"topics/a?token={token}").WaitAsync(SseStream.Timeout))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        issuer.IsReachable = true;
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("a", token));
    }

    [Fact]
    public async Task Issuer_that_is_unreachable_is_not_asked_while_the_keys_of_the_tokens_own_are_in_memory()
    {
        await using var down = await DiscoveryEndpoint.StartAsync();
        down.IsReachable = false;
        await using var both = await TestHost.StartAsync(
            [
                "Access:AnonymousTopics=", $"Access:Issuers:0:Authority={down.Authority}", $"Access:Issuers:0:Audience={Audience}",
                $"Access:Issuers:1:Authority={issuer.Authority}", $"Access:Issuers:1:Audience={Audience}",
            ],
            time);
        var key = issuer.AddKey();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("a", key.Token(Claims("\"topics\":[\"*\"]", from: down.Authority)), both)); // both were asked
        var refusals = down.Refusals;

        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("a", key.Token(Claims("\"topics\":[\"*\"]")), both));
        Assert.Equal(refusals, down.Refusals);
    }

    [Fact]
    public async Task Issuer_is_not_asked_more_often_however_many_unknown_keys_come()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("a", issuer.AddKey().Token(Claims("\"topics\":[\"*\"]"))));
        for (var i = 0; i < 10; i++)
            await PollAsync(IssuerKey.Create("ES256").Token(Claims("\"topics\":[\"*\"]")));

        Assert.Equal(1, issuer.Reads);
    }

    /// <summary>Before the request itself is given up, which waits for its authorizer for five.</summary>
    [Fact]
    public async Task Issuer_that_does_not_answer_is_given_up_after_four_seconds()
    {
        issuer.IsSilent = true;
        var polling = PollAsync(issuer.AddKey().Token(Claims("\"topics\":[\"*\"]")));
        await issuer.AskedInVain.WaitAsync(SseStream.Timeout);

        time.Advance(TimeSpan.FromSeconds(4));

        Assert.Contains(Reason, await polling.WaitAsync(SseStream.Timeout), StringComparison.Ordinal);
    }

    private string Claims(string claims, string audience = Audience, string? from = null, int expires = 3600, int issued = 0)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return $$"""{"iss":"{{from ?? issuer.Authority}}","aud":"{{audience}}","iat":{{now + issued}},"exp":{{now + expires}},{{claims.Trim()}}}""";
    }

    private async Task<HttpStatusCode> StatusAsync(string topic, string token, TestHost? at = null)
    {
        using var answer = await (at ?? host).Client.GetAsync($"topics/{topic}?token={token}").WaitAsync(SseStream.Timeout);
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> PublishAsync(TestHost host, string token, string text)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"topics/chat/events?token={token}") { Content = new StringContent(text) };
        request.Headers.Add("Idempotency-Key", "key");
        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
        return answer.StatusCode;
    }

    /// <returns>All of a stream that must have been answered 200.</returns>
    private async Task<string> PollAsync(string token)
    {
        await using var stream = await host.OpenAsync($"events/a?mode=poll&token={token}");
        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        return string.Join('\n', await stream.ReadToEndAsync());
    }

    private async Task AssertRefusedAsync(string reason, string token, bool inHeader = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, inHeader ? "topics/a" : $"topics/a?token={token}");
        if (inHeader)
            request.Headers.Authorization = new("Bearer", token);

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
