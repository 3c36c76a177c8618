using SseFunctions.Configuration;

namespace SseFunctions.Streaming;

/// <summary>The settings <c>Stream__*</c>, and the timeout of host.json that no stream may reach.</summary>
internal sealed record StreamOptions
{
    /// <summary>How long a stream lives at most; see <see cref="StreamLifetime"/>.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The reconnection time, before it is drawn at random; see <see cref="ReconnectionTime"/>.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a long poll waits for the first event.</summary>
    public TimeSpan LongPoll { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>The maximum silence of a stream.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may take no bytes before it is cut off: of a stream, a long poll's answer, a page of history.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time between two polls of the change feed, one request for all topics; while storage throttles it grows to 2 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The minimum time between two writes of new events to a stream; zero for none. What comes meanwhile is written together.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Streams held open by this process; those beyond get what there is and a longer reconnection time.</summary>
    public int MaxStreams { get; init; } = 1000;

    /// <summary>Topics followed by this process at a time; a stream of a further topic ends at once, and its client comes back later.</summary>
    public int MaxTopics { get; init; } = 2000;

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

    /// <param name="reader">Collects what is wrong.</param>
    /// <param name="functionTimeout">host.json's; null when unbounded.</param>
    public static StreamOptions Read(SettingsReader reader, TimeSpan? functionTimeout)
    {
        var defaults = new StreamOptions { FunctionTimeout = functionTimeout };
        return defaults with
        {
            Lifetime = ReadLifetime(reader, defaults),
            Retry = reader.Duration("Stream:Retry", defaults.Retry, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            LongPoll = reader.Duration("Stream:LongPoll", defaults.LongPoll, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(3)),
            Heartbeat = reader.Duration("Stream:Heartbeat", defaults.Heartbeat, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(3)),
            WriteTimeout = reader.Duration("Stream:WriteTimeout", defaults.WriteTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(3)),
            PollInterval = reader.Duration("Stream:PollInterval", defaults.PollInterval, TimeSpan.FromMilliseconds(20), TimeSpan.FromMinutes(1)),
            FlushInterval = reader.Duration("Stream:FlushInterval", defaults.FlushInterval, TimeSpan.Zero, TimeSpan.FromSeconds(1)),
            MaxStreams = (int)reader.Number("Stream:MaxStreams", defaults.MaxStreams, 1, 1_000_000),
            MaxStreamsPerToken = (int)reader.Number("Stream:MaxStreamsPerToken", defaults.MaxStreamsPerToken, 0, 1_000_000),
            MaxStreamsPerAddress = (int)reader.Number("Stream:MaxStreamsPerAddress", defaults.MaxStreamsPerAddress, 0, 1_000_000),
            SendsPastPipe = reader.Flag("Stream:SendsPastPipe", defaults.SendsPastPipe),
            MaxTopics = (int)reader.Number("Stream:MaxTopics", defaults.MaxTopics, 1, 1_000_000),
            CacheBytes = reader.Number("Stream:CacheBytes", defaults.CacheBytes, 1024 * 1024, 64L * 1024 * 1024 * 1024),
        };
    }

    /// <summary>
    /// What is set must be what the platform lets a stream live. The default gives way to a shorter functionTimeout:
    /// <see cref="StreamLifetime.Draw"/> ensures that.
    /// </summary>
    private static TimeSpan ReadLifetime(SettingsReader reader, StreamOptions defaults)
    {
        var (limit, whose) = defaults.FunctionTimeout is { } timeout && timeout < StreamLifetime.FrontEndLimit
            ? (timeout, $"functionTimeout of host.json or AzureFunctionsJobHost__functionTimeout, {DurationText.From(timeout)}")
            : (StreamLifetime.FrontEndLimit, $"the time after which Azure's front end cuts a response, {DurationText.From(StreamLifetime.FrontEndLimit)}");
        return reader.Duration(
            "Stream:Lifetime",
            defaults.Lifetime,
            TimeSpan.FromSeconds(1),
            limit - StreamLifetime.Margin,
            $", which is {DurationText.From(StreamLifetime.Margin)} less than {whose}");
    }
}
