using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// What an idempotency key may be. A publisher gives one to a publication, so that a repeat is recognised:
/// datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header. Keys of timed sources hold a space, so that no publisher's
/// key is ever the same.
/// </summary>
internal static class IdempotencyKeyRule
{
    public const string Header = "Idempotency-Key";

    /// <summary>Bytes, which are characters: visible ASCII only.</summary>
    public const int MaxBytes = 128;

    /// <exception cref="InvalidInputException">The key is outside its limits.</exception>
    public static string Require(string key)
    {
        if (key.Length is 0 or > MaxBytes)
            throw new InvalidInputException(Header, $"{Header} has {key.Length} bytes; 1 to {MaxBytes} are allowed.", MaxBytes, key.Length, key.Length > MaxBytes);

        if (key.Any(character => character is < '!' or > '~'))
            throw new InvalidInputException(Header, $"{Header} holds other characters than visible ASCII.");

        return key;
    }
}
