using System.Text.Json;
using System.Text.RegularExpressions;
using SseFunctions.EventLog;

namespace SseFunctions.Access;

/// <summary>What POST tokens asks for.</summary>
/// <param name="Topics">What the bearer may read: names, or prefixes that end in '*'.</param>
/// <param name="Publish">What the bearer may publish to; none by default.</param>
/// <param name="Subject">Who the bearer is, for the limits on publishing; null for nobody in particular.</param>
/// <param name="Lifetime">How long the token lasts.</param>
internal sealed partial record TokenRequest(IReadOnlyList<string> Topics, IReadOnlyList<string> Publish, string? Subject, TimeSpan Lifetime)
{
    /// <summary>To read and to publish to together. So many names of the maximum length still make a token shorter than <see cref="SubscriberTokens.MaxLength"/>.</summary>
    public const int MaxTopics = 32;

    /// <summary>In bytes; the maximum number of topics needs a third of it.</summary>
    public const int MaxBodyBytes = 8 * 1024;

    private const int MaxSubjectLength = 128;

    private const string TopicsMember = "topics";
    private const string PublishMember = "publish";
    private const string SubjectMember = "subject";
    private const string LifetimeMember = "lifetimeSeconds";

    /// <summary>As long as a page is usually open; it asks for another token when its stream is refused.</summary>
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    public static readonly string[] Members = [TopicsMember, PublishMember, SubjectMember, LifetimeMember];

    /// <exception cref="InvalidInputException">A member is missing or has a value that is not allowed.</exception>
    public static TokenRequest Read(JsonElement body)
    {
        var publish = body.TryGetProperty(PublishMember, out _) ? ReadTopics(body, PublishMember) : [];
        var topics = publish.Count > 0 && !body.TryGetProperty(TopicsMember, out _) ? [] : ReadTopics(body, TopicsMember);
        var count = topics.Count + publish.Count;
        return count <= MaxTopics ? new(topics, publish, ReadSubject(body), ReadLifetime(body)) : throw new InvalidInputException(
            PublishMember, $"{TopicsMember} and {PublishMember} have {count} elements together; {MaxTopics} are allowed.", MaxTopics, count, tooLarge: true);
    }

    private static List<string> ReadTopics(JsonElement body, string member)
    {
        if (!body.TryGetProperty(member, out var given) || given.ValueKind != JsonValueKind.Array)
            throw new InvalidInputException(member, $"{member} is missing or no array: it has {TopicPatterns.Rule}.");

        if (given.GetArrayLength() is var count and (0 or > MaxTopics))
            throw new InvalidInputException(member, $"{member} has {count} elements; 1 to {MaxTopics} are allowed.", MaxTopics, count, count > MaxTopics);

        var topics = new List<string>();
        foreach (var element in given.EnumerateArray())
        {
            var text = element.ValueKind == JsonValueKind.String ? element.GetString()! : "";
            if (!TopicPatterns.IsPattern(text))
            {
                throw new InvalidInputException(
                    $"{member}[{topics.Count}]",
                    $"{member}[{topics.Count}] has {text.Length} characters or some that are not allowed: {member} has {TopicPatterns.Rule}.",
                    TopicPatterns.MaxPatternLength,
                    text.Length,
                    text.Length > TopicPatterns.MaxPatternLength);
            }

            topics.Add(text);
        }

        return topics;
    }

    private static string? ReadSubject(JsonElement body)
    {
        if (!body.TryGetProperty(SubjectMember, out var given))
            return null;

        var subject = given.ValueKind == JsonValueKind.String ? given.GetString()! : "";
        return Subjects().IsMatch(subject) ? subject : throw new InvalidInputException(
            SubjectMember,
            $"{SubjectMember} has {subject.Length} characters or some that are not allowed: it is 1 to {MaxSubjectLength} letters, digits, '.', '_', '-', ':', '@' or '|'.",
            MaxSubjectLength,
            subject.Length,
            subject.Length > MaxSubjectLength);
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

    [GeneratedRegex(@"\A[A-Za-z0-9._:@|-]{1,128}\z")]
    private static partial Regex Subjects();
}
