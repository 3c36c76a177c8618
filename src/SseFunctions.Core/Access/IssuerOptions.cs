using SseFunctions.Configuration;

namespace SseFunctions.Access;

/// <summary>The settings <c>Access__Issuers__0__*</c> and so on: an OpenID Connect issuer whose tokens are accepted.</summary>
internal sealed record IssuerOptions
{
    /// <summary>The issuer's address, below which its discovery document is.</summary>
    public required Uri Authority { get; init; }

    /// <summary>What a token's <c>aud</c> must be.</summary>
    public required string Audience { get; init; }

    /// <summary>The claim with what a token's bearer may read.</summary>
    public string TopicsClaim { get; init; } = SubscriberToken.TopicsClaim;

    /// <summary>What a token's bearer may read as well: patterns in which the name of a claim in braces stands for its value.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>The claim with what a token's bearer may publish to.</summary>
    public string PublishClaim { get; init; } = SubscriberToken.PublishClaim;

    /// <summary>What a token's bearer may publish to as well.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    private const string TemplateRule = "topic names, or prefixes of them that end in '*', in which a claim in braces, before a '.' or the end, stands for its value, as in users.{oid}, separated by commas";

    /// <summary>Reads all of them; the settings of the first are known even where there is none.</summary>
    public static IReadOnlyList<IssuerOptions> ReadAll(SettingsReader reader)
    {
        var elements = reader.Elements("Access:Issuers").ToList();
        if (elements.Count == 0)
            _ = Read(reader, "Access:Issuers:0", isThere: false);

        return [.. elements.Select(element => Read(reader, $"Access:Issuers:{element}", isThere: true)).OfType<IssuerOptions>()];
    }

    private static IssuerOptions? Read(SettingsReader reader, string section, bool isThere)
    {
        var (authorityKey, audienceKey) = ($"{section}:Authority", $"{section}:Audience");
        var authority = reader.Text(authorityKey, allowed: "an https address, or http of this machine, without a query", isAllowed: IsAuthority);
        var audience = reader.Text(audienceKey, allowed: "the text that the tokens' aud has");
        var topicsClaim = reader.Text($"{section}:TopicsClaim", SubscriberToken.TopicsClaim, "the name of a claim")!;
        var topics = reader.List($"{section}:Topics", TemplateRule, TopicTemplate.IsTemplate);
        var publishClaim = reader.Text($"{section}:PublishClaim", SubscriberToken.PublishClaim, "the name of a claim")!;
        var publish = reader.List($"{section}:Publish", TemplateRule, TopicTemplate.IsTemplate);
        foreach (var key in isThere ? (string[])[authorityKey, audienceKey] : [])
        {
            if (string.IsNullOrEmpty(reader.Value(key)))
                reader.Refuse($"{reader.NameOf(key)} is not set; an issuer has an authority and an audience.");
        }

        return authority is null || audience is null ? null : new IssuerOptions
        {
            Authority = new Uri(authority),
            Audience = audience,
            TopicsClaim = topicsClaim,
            Topics = topics,
            PublishClaim = publishClaim,
            Publish = publish,
        };
    }

    private static bool IsAuthority(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0;
}
