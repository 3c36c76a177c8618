using System.Text;
using SseFunctions.Access;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

public class SubscriberTokensTests
{
    private const string OldKey = "the key before, which also has 32 bytes or more";

    private static readonly DateTimeOffset Now = ForgedTokens.Now;
    private static readonly Topic Orders = Topic.Parse("orders.eu");

    private readonly SubscriberTokens tokens = With(SignedToken.Key);

    public static TheoryData<string> Forged => [.. ForgedTokens.All.Keys];

    [Theory]
    [MemberData(nameof(Forged))]
    public async Task Verify_refuses_a_token_and_names_the_reason_but_nothing_of_it(string forged)
    {
        var (token, reason) = ForgedTokens.All[forged];

        var fault = await Assert.ThrowsAsync<AccessDeniedException>(() => tokens.VerifyAsync(token, Now));

        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Equal("token", fault.Field);
        Assert.DoesNotContain(SignedToken.Key, fault.ToString(), StringComparison.Ordinal);
        foreach (var part in token.Split('.').Where(part => part.Length > 8))
            Assert.DoesNotContain(part, fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3600", "")]
    [InlineData("1", "")]
    [InlineData("1.9", "")] // a NumericDate may have a fraction
    [InlineData("86400", "")]
    [InlineData("86460", "")] // 24 hours by a clock that is a minute ahead
    [InlineData("3600", ",\"nbf\":{60},\"iat\":{60}")]
    [InlineData("3600", ",\"nbf\":1,\"sub\":\"someone\",\"aud\":[\"x\"]")]
    public async Task Verify_accepts_a_token_within_the_limits(string seconds, string more)
    {
        var exp = ForgedTokens.Now.ToUnixTimeSeconds() + decimal.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture);
        more = more.Replace("{60}", $"{Now.ToUnixTimeSeconds() + 60}", StringComparison.Ordinal);
        var text = SignedToken.Make(SignedToken.Header, FormattableString.Invariant($"{{\"topics\":[\"orders.*\"],\"exp\":{exp}{more}}}"));

        var token = await tokens.VerifyAsync(text, Now);

        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds((long)exp), token.Expires);
        Assert.True(token.Topics.Cover(Orders));
    }

    [Theory]
    [InlineData("orders.eu", true)]
    [InlineData("orders.*", true)]
    [InlineData("o*", true)]
    [InlineData("*", true)]
    [InlineData("orders.eu*", true)]
    [InlineData("orders", false)]
    [InlineData("orders.EU", false)]
    [InlineData("orders.eu.*", false)]
    [InlineData("orders.eu-1", false)]
    public async Task Token_covers_names_and_prefixes(string pattern, bool covers)
    {
        var token = await tokens.VerifyAsync(SignedToken.For(Now.AddHours(1), "another", pattern), Now);

        Assert.Equal(covers, token.Topics.Cover(Orders));
    }

    [Fact]
    public async Task Tokens_are_told_apart_by_what_is_signed()
    {
        var (text, other) = (SignedToken.For(Now.AddHours(1), "a"), SignedToken.For(Now.AddHours(1), "b"));
        var token = await tokens.VerifyAsync(text, Now);

        Assert.Equal(token.Identity, JwtText.IdentityOf(text[..^3] + "abc"));
        Assert.NotEqual(token.Identity, (await tokens.VerifyAsync(other, Now)).Identity);
    }

    [Fact]
    public async Task Token_with_no_topics_covers_none()
    {
        var token = await tokens.VerifyAsync(SignedToken.For(Now.AddHours(1)), Now);

        Assert.False(token.Topics.Cover(Orders));
    }

    [Fact]
    public async Task Previous_key_verifies_and_signs_no_more()
    {
        var rotated = With(SignedToken.Key, OldKey);
        var old = With(OldKey);
        var ofBefore = old.Sign(["orders.*"], Now, Now.AddHours(1));
        var ofNow = rotated.Sign(["orders.*"], Now, Now.AddHours(1));

        Assert.True((await rotated.VerifyAsync(ofBefore, Now)).Topics.Cover(Orders));
        Assert.True((await rotated.VerifyAsync(ofNow, Now)).Topics.Cover(Orders));
        await Assert.ThrowsAsync<AccessDeniedException>(() => old.VerifyAsync(ofNow, Now));
        await Assert.ThrowsAsync<AccessDeniedException>(() => tokens.VerifyAsync(ofBefore, Now));
    }

    [Fact]
    public async Task Kid_is_ignored_when_the_signature_is_ours()
    {
        var text = SignedToken.Make("""{"alg":"HS256","kid":"somebody else's"}""", SignedToken.Claims(Now.AddHours(1), "*"));

        Assert.True((await tokens.VerifyAsync(text, Now)).Topics.Cover(Orders));
    }

    [Fact]
    public async Task Nothing_is_accepted_when_there_is_no_key()
    {
        var none = new SubscriberTokens(new AccessOptions());

        foreach (var token in (string[])[SignedToken.For(Now.AddHours(1), "*"), SignedToken.Make(SignedToken.Header, SignedToken.Claims(Now.AddHours(1), "*"), "")])
        {
            var fault = await Assert.ThrowsAsync<AccessDeniedException>(() => none.VerifyAsync(token, Now));
            Assert.Contains("Access__SigningKey is not set", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Signed_token_is_one_by_the_RFC()
    {
        var text = tokens.Sign(["orders.*", "clock"], Now, Now.AddHours(1));

        Assert.Equal(
            SignedToken.Make(SignedToken.Header, $$"""{"topics":["orders.*","clock"],"iat":{{Now.ToUnixTimeSeconds()}},"exp":{{Now.ToUnixTimeSeconds() + 3600}}}"""),
            text);
        Assert.Equal(Now.AddHours(1), (await tokens.VerifyAsync(text, Now)).Expires);
    }

    private static SubscriberTokens With(string key, string? previous = null) => new(new AccessOptions
    {
        SigningKey = Encoding.UTF8.GetBytes(key),
        PreviousSigningKey = previous is null ? null : Encoding.UTF8.GetBytes(previous),
    });
}
