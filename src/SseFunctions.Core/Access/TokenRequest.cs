using System.Text.Json;
using SseFunctions.EventLog;

namespace SseFunctions.Access;

/// <summary>What POST tokens asks for.</summary>
/// <param name="Topics">Names, or prefixes that end in '*'.</param>
/// <param name="Lifetime">How long the token lasts.</param>
internal sealed record TokenRequest(IReadOnlyList<string> Topics, TimeSpan Lifetime)
{
    /// <summary>This many names of the maximum length still make a token shorter than <see cref="SubscriberTokens.MaxLength"/>.</summary>
    public const int MaxTopics = 32;

    /// <summary>In bytes; the maximum number of topics needs a third of it.</summary>
    public const int MaxBodyBytes = 8 * 1024;

    private const string TopicsMember = "topics";
    private const string LifetimeMember = "lifetimeSeconds";

    /// <summary>As long as a page is usually open; it asks for another token when its stream is refused.</summary>
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    public static readonly string[] Members = [TopicsMember, LifetimeMember];

    /// <exception cref="InvalidInputException">A member is missing or has a value that is not allowed.</exception>
    public static TokenRequest Read(JsonElement body) => new(ReadTopics(body), ReadLifetime(body));

    private static List<string> ReadTopics(JsonElement body)
    {
        if (!body.TryGetProperty(TopicsMember, out var given) || given.ValueKind != JsonValueKind.Array)
            throw new InvalidInputException(TopicsMember, $"{TopicsMember} is missing or no array: it has {TopicPatterns.Rule}.");

        if (given.GetArrayLength() is var count and (0 or > MaxTopics))
            throw new InvalidInputException(TopicsMember, $"{TopicsMember} has {count} elements; 1 to {MaxTopics} are allowed.", MaxTopics, count, count > MaxTopics);

        var topics = new List<string>();
        foreach (var element in given.EnumerateArray())
        {
            var text = element.ValueKind == JsonValueKind.String ? element.GetString()! : "";
            if (!TopicPatterns.IsPattern(text))
            {
                throw new InvalidInputException(
                    $"{TopicsMember}[{topics.Count}]",
                    $"{TopicsMember}[{topics.Count}] has {text.Length} characters or some that are not allowed: {TopicsMember} has {TopicPatterns.Rule}.",
                    TopicPatterns.MaxPatternLength,
                    text.Length,
                    text.Length > TopicPatterns.MaxPatternLength);
            }

            topics.Add(text);
        }

        return topics;
    }

    private static TimeSpan ReadLifetime(JsonElement body)
    {
        if (!body.TryGetProperty(LifetimeMember, out var given))
            return DefaultLifetime;

        var max = (long)SubscriberToken.MaxLifetime.TotalSeconds;
        if (given.ValueKind != JsonValueKind.Number || !given.TryGetInt64(out var seconds))
            throw new InvalidInputException(LifetimeMember, $"{LifetimeMember} is no whole number; 1 to {max} are allowed.");

        return seconds >= 1 && seconds <= max
            ? TimeSpan.FromSeconds(seconds)
            : throw new InvalidInputException(LifetimeMember, $"{LifetimeMember} is {seconds}; 1 to {max} are allowed.", max, seconds, seconds > max);
    }
}
