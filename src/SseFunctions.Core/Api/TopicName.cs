using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads the topics that a request names.</summary>
internal static class TopicName
{
    /// <exception cref="InvalidInputException">It is no topic's name.</exception>
    public static Topic Require(string name) => Topic.TryParse(name, out var topic)
        ? topic
        : throw new InvalidInputException(
            "topic",
            $"the topic has {name.Length} characters or some that are not allowed: it is {Topic.Rule}.",
            Topic.MaxLength,
            name.Length,
            name.Length > Topic.MaxLength);
}
