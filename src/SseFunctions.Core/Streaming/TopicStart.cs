using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>One of the topics that a stream asks for.</summary>
/// <param name="Start">Where to begin in it.</param>
internal readonly record struct TopicStart(Topic Topic, StreamStart Start);
