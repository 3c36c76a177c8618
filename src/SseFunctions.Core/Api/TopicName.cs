using Microsoft.AspNetCore.Http;
using SseFunctions.Access;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads the topics that a request names, and checks that it may read them.</summary>
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

    /// <returns>For how long the topics may be read; null without end.</returns>
    /// <exception cref="AccessDeniedException">One of them may not be read.</exception>
    public static async Task<TimeSpan?> RequireReadableAsync(this ReadAccess access, IReadOnlyList<Topic> topics, HttpContext context)
    {
        if (access.IsOpen(topics))
            return null;

        context.Response.Headers.Append("Vary", RequestToken.Vary);
        return await access.CheckAsync(topics, RequestToken.Find(context.Request));
    }
}
