namespace SseFunctions.Streaming;

/// <summary>Why a stream ended.</summary>
internal enum StreamEnd
{
    ClientLeft,
    SlowClient,
    Lifetime,
    HostStopping,
    TopicComplete,
    TopicDeleted,

    /// <summary>A poll has got all there was.</summary>
    CaughtUp,

    /// <summary>The process, or the client, has as many streams as it may.</summary>
    AtCapacity,
    StorageUnavailable,

    /// <summary>Whether the client may read the topic cannot be told now.</summary>
    AccessUnknown,

    /// <summary>An unexpected exception.</summary>
    Failed,
}
