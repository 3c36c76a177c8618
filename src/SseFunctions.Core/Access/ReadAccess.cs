using SseFunctions.EventLog;

namespace SseFunctions.Access;

/// <summary>Who may read which topic. Without permission nothing is readable.</summary>
/// <param name="anonymousTopics">Access__AnonymousTopics: names, or prefixes that end in '*'.</param>
internal sealed class ReadAccess(IReadOnlyList<string> anonymousTopics)
{
    public bool IsAnonymous(Topic topic) => anonymousTopics.Any(pattern => pattern.EndsWith('*')
        ? topic.Name.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : topic.Name == pattern);
}
