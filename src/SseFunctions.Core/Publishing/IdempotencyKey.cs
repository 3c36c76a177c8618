using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// A publisher's name for one publication, by which its repeat is known: datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header.
/// Keys of timed sources hold a space, so that no publisher's key is ever one of theirs.
/// </summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>Bytes, which are characters: visible ASCII only.</summary>
    public const int MaxBytes = 128;

    /// <returns>The request's key; null when it has none.</returns>
    /// <exception cref="InvalidInputException">The key is outside its limits, or there are several.</exception>
    public static string? Read(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Header, out var keys))
            return null;

        if (keys.Count > 1)
            throw new InvalidInputException(Header, $"{Header} is given {keys.Count} times; once is allowed.", 1, keys.Count);

        return Require(keys.ToString());
    }

    /// <exception cref="InvalidInputException">The key is outside its limits.</exception>
    public static string Require(string key)
    {
        if (key.Length is 0 or > MaxBytes)
            throw new InvalidInputException(Header, $"{Header} has {key.Length} bytes; 1 to {MaxBytes} are allowed.", MaxBytes, key.Length, key.Length > MaxBytes);

        if (key.Any(character => character is < '!' or > '~'))
            throw new InvalidInputException(Header, $"{Header} holds other characters than visible ASCII.", MaxBytes, key.Length);

        return key;
    }
}
