namespace SseFunctions.Streaming;

/// <summary>The settings <c>Stream__*</c>; their ranges and defaults are checked where they are read, in Api/Settings.</summary>
internal sealed record StreamOptions
{
    /// <summary>How long a stream lives at most; see <see cref="StreamLifetime"/>.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The reconnection time that clients are told, before it is spread; see <see cref="ReconnectionTime"/>.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The maximum silence of a stream.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may take no bytes before it is cut off.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time between two reads of a busy topic's head; a quiet topic's grows to 2 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The minimum time between two writes of new events to a stream; zero for none. What comes meanwhile is written together.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Streams held open by this process; those beyond get what there is and a longer reconnection time.</summary>
    public int MaxStreams { get; init; } = 1000;

    /// <summary>Streams of one token at a time; 0 for no limit.</summary>
    public int MaxStreamsPerToken { get; init; }

    /// <summary>Streams of one client address at a time; 0 for no limit.</summary>
    public int MaxStreamsPerAddress { get; init; }

    /// <summary>Whether bytes go to the socket on the thread that writes, instead of through Kestrel's pipe.</summary>
    public bool SendsPastPipe { get; init; } = true;

    /// <summary>Bytes of frames kept in memory, for all topics together.</summary>
    public long CacheBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>host.json's functionTimeout; null when unbounded.</summary>
    public TimeSpan? FunctionTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Streams of which the process knows at a time: as many as it holds, and as many that get what there is.</summary>
    public int MaxOpenStreams => 2 * MaxStreams;
}
