using SseFunctions.EventLog;

namespace SseFunctions.Access;

/// <summary>Some topics, by their names or by prefixes of them.</summary>
/// <param name="patterns">Each as <see cref="IsPattern"/> wants it.</param>
internal sealed class TopicPatterns(IReadOnlyList<string> patterns)
{
    public static readonly TopicPatterns None = new([]);

    public const string Rule = "topic names, or prefixes of them that end in '*'";

    /// <summary>A topic's name and the '*'.</summary>
    public const int MaxPatternLength = Topic.MaxLength + 1;

    /// <summary>Whether the text is a topic's name, the beginning of one and a '*', or '*' for all.</summary>
    public static bool IsPattern(string text) => text == "*" || Topic.TryParse(text.EndsWith('*') ? text[..^1] : text, out _);

    public bool Cover(Topic topic) => patterns.Any(pattern => pattern.EndsWith('*')
        ? topic.Name.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : topic.Name == pattern);
}
