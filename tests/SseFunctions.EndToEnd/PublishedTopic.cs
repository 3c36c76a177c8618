using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>A topic and the events that were published to it, as a client must get them.</summary>
public sealed record PublishedTopic(string Name, IReadOnlyList<SseMessage> Events)
{
    public PublishedTopic()
        : this(TopicApi.NewTopic(), [])
    {
    }
}
