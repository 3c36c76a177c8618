using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A topic that has been published and read.</summary>
/// <param name="Name">The topic.</param>
/// <param name="Events">What was published, as a client must get it.</param>
/// <param name="Response">What the endpoint answered to who asked for all of it.</param>
public sealed record PublishedTopic(string Name, IReadOnlyList<SseMessage> Events, ReadOnlyMemory<byte> Response)
{
    /// <summary>Where a client gets it.</summary>
    public string Path => $"events/{Name}?from=start";
}
