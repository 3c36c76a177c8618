namespace SseFunctions.Publishing;

/// <summary>The topic is complete and takes no more events; nothing was written.</summary>
public sealed class TopicCompleteException(string topic) : Exception($"Topic '{topic}' is complete and takes no more events.");
