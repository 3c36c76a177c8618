using System.Text;
using SseFunctions.Configuration;
using SseFunctions.EventLog;

namespace SseFunctions.Access;

/// <summary>The settings <c>Access__*</c>.</summary>
internal sealed record AccessOptions
{
    public const string SigningKeyKey = "Access:SigningKey";
    public const string PreviousSigningKeyKey = "Access:PreviousSigningKey";

    /// <summary>A key for HS256 has the hash's size or more: RFC 7518, section 3.2.</summary>
    public const int MinKeyBytes = 32;

    /// <summary>What everybody may read: names, or prefixes that end in '*'.</summary>
    public IReadOnlyList<string> AnonymousTopics { get; init; } = [];

    /// <summary>Signs tokens and verifies them; null when no tokens are accepted.</summary>
    public byte[]? SigningKey { get; init; }

    /// <summary>The key before a rotation: it verifies, and signs nothing any more.</summary>
    public byte[]? PreviousSigningKey { get; init; }

    /// <summary>OpenID Connect issuers whose tokens are accepted too.</summary>
    public IReadOnlyList<IssuerOptions> Issuers { get; init; } = [];

    /// <summary>The size of what is published by token at most, in bytes of the request's body; 1 to 65536.</summary>
    public int PublishBytes { get; init; } = 16 * 1024;

    /// <summary>Publications by token that a subject has a minute, at once or spread, in a process; 1 to 60000.</summary>
    public int PublishPerMinute { get; init; } = 60;

    public static AccessOptions Read(SettingsReader reader)
    {
        var defaults = new AccessOptions();
        var options = new AccessOptions
        {
            AnonymousTopics = reader.List("Access:AnonymousTopics", $"{TopicPatterns.Rule}, separated by commas", TopicPatterns.IsPattern),
            SigningKey = ReadKey(reader, SigningKeyKey),
            PreviousSigningKey = ReadKey(reader, PreviousSigningKeyKey),
            Issuers = IssuerOptions.ReadAll(reader),
            PublishBytes = (int)reader.Number("Access:PublishBytes", defaults.PublishBytes, 1, AppendLimits.MaxDataBytes),
            PublishPerMinute = (int)reader.Number("Access:PublishPerMinute", defaults.PublishPerMinute, 1, 60_000),
        };
        if (options.PreviousSigningKey is not null && string.IsNullOrEmpty(reader.Value(SigningKeyKey)))
            reader.Refuse(SigningKeyKey, "", $"a key, since {reader.NameOf(PreviousSigningKeyKey)} is set, which signs nothing", isSecret: true);

        return options;
    }

    private static byte[]? ReadKey(SettingsReader reader, string key)
    {
        var text = reader.Text(key, allowed: $"a secret of at least {MinKeyBytes} bytes in UTF-8, and no Key Vault reference that could not be resolved", isAllowed: IsKey, isSecret: true);
        return text is null ? null : Encoding.UTF8.GetBytes(text);
    }

    // When the platform cannot fetch a secret, it passes the reference on in its place:
    // learn.microsoft.com/azure/app-service/app-service-key-vault-references#troubleshoot-key-vault-references
    private static bool IsKey(string text) =>
        Encoding.UTF8.GetByteCount(text) >= MinKeyBytes && !text.StartsWith("@Microsoft.KeyVault(", StringComparison.OrdinalIgnoreCase);
}
