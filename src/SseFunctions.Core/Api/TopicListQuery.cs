using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>What GET topics asks for.</summary>
/// <param name="Prefix">What the topics' names begin with; "" for all.</param>
/// <param name="After">The name before the first of them; "" to begin.</param>
/// <param name="Limit">Maximum number of topics, 1 to 1,000; 100 by default.</param>
internal sealed record TopicListQuery(string Prefix, string After, int Limit)
{
    private const int DefaultLimit = 100;

    /// <exception cref="InvalidInputException">A parameter has a value that is not allowed.</exception>
    public static TopicListQuery Read(HttpRequest http) => new(
        ReadName(http, "prefix"),
        ReadName(http, "after"),
        (int)(RequestValue.NumberFromQuery(http, "limit", 1, TopicDirectory.MaxPage) ?? DefaultLimit));

    private static string ReadName(HttpRequest http, string parameter)
    {
        var name = RequestValue.FromQuery(http, parameter) ?? "";
        return name.Length == 0 || Topic.TryParse(name, out _) ? name : throw new InvalidInputException(
            parameter,
            $"{parameter} has {name.Length} characters or some that are not allowed: like a topic, it is {Topic.Rule}.",
            Topic.MaxLength,
            name.Length,
            name.Length > Topic.MaxLength);
    }
}
