namespace SseFunctions.Streaming;

/// <summary>The last lines of a stream: when to come back, and why it ends.</summary>
internal static class ClosingFrame
{
    /// <summary>The share of the reconnection time after which a long poll's client comes back: between two, it hears nothing.</summary>
    public const double LongPollShare = 0.1;

    /// <param name="end">Why the stream ends.</param>
    /// <param name="retry">Stream__Retry.</param>
    /// <param name="isLongPoll">Whether its client is to come back soon.</param>
    public static ReadOnlyMemory<byte> For(StreamEnd end, TimeSpan retry, bool isLongPoll = false) => end switch
    {
        StreamEnd.AtCapacity or StreamEnd.StorageUnavailable or StreamEnd.AccessUnknown or StreamEnd.HostStopping or StreamEnd.Failed => SseFrame.Retry(ReconnectionTime.DrawUnderStress(retry), Reason(end)),
        StreamEnd.CaughtUp or StreamEnd.Lifetime when isLongPoll => SseFrame.Retry(ReconnectionTime.Draw(retry * LongPollShare), Reason(end)),
        _ => SseFrame.Retry(ReconnectionTime.Draw(retry), Reason(end)),
    };

    private static string Reason(StreamEnd end) => end switch
    {
        StreamEnd.Lifetime => "end of this response; reconnect to go on",
        StreamEnd.HostStopping => "the server is stopping; reconnect to go on",
        StreamEnd.TopicComplete => "the topic is complete",
        StreamEnd.TopicDeleted => "the topic was deleted; reconnect to get what is published to it anew",
        StreamEnd.CaughtUp => "that is all for now",
        StreamEnd.AtCapacity => "too many streams are open here; reconnect later",
        StreamEnd.StorageUnavailable => "storage cannot be reached; reconnect later",
        StreamEnd.AccessUnknown => "access cannot be checked now; reconnect later",
        StreamEnd.Failed => "something went wrong here; reconnect later",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "a stream that was cut gets no closing frame"),
    };
}
