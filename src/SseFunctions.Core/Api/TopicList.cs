namespace SseFunctions.Api;

/// <summary>The answer to GET topics.</summary>
/// <param name="Topics">In the order of their names. Those that have no log now are left out, so there may be fewer than the limit, or none.</param>
/// <param name="Next">What <c>after</c> is for the next page; null when this is the last.</param>
internal sealed record TopicList(IEnumerable<TopicState> Topics, string? Next);
