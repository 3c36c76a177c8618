using SseFunctions.Streaming;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>What is asked of the app, all month long, and the settings it runs with; those that are not given are the defaults.</summary>
internal sealed record Workload
{
    private static readonly StreamOptions Defaults = new();

    /// <summary>Browsers that are there at a time.</summary>
    public required double Clients { get; init; }

    /// <summary>Of each topic. The sample settings' clock has one in five seconds.</summary>
    public double EventsASecond { get; init; } = 0.2;

    /// <summary>The share of the events that each client wants, by <c>?type=</c>: 0 to 1.</summary>
    public double WantedShare { get; init; } = 1;

    /// <summary>Of an event's data.</summary>
    public double EventBytes { get; init; } = 200;

    /// <summary>Each client reads one of them.</summary>
    public double Topics { get; init; } = 1;

    /// <summary>Processes that publish: one, a timer's, unless clients publish to whatever instance.</summary>
    public double Publishers { get; init; } = 1;

    /// <summary>Stream__Retry of clients that ask with <c>?mode=poll</c>; null for streams that are held.</summary>
    public TimeSpan? PollEvery { get; init; }

    public TimeSpan Lifetime { get; init; } = Defaults.Lifetime;

    public TimeSpan Retry { get; init; } = Defaults.Retry;

    public TimeSpan PollInterval { get; init; } = Defaults.PollInterval;

    public TimeSpan Heartbeat { get; init; } = Defaults.Heartbeat;

    /// <summary>instanceMemoryMB.</summary>
    public double InstanceMemoryMB { get; init; } = 512;

    /// <summary>perInstanceConcurrency and Stream__MaxStreams.</summary>
    public double Concurrency { get; init; } = Defaults.MaxStreams;
}
