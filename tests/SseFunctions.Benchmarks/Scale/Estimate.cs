namespace SseFunctions.Benchmarks.Scale;

/// <summary>What a workload takes, and what it costs in USD a month.</summary>
internal sealed record Estimate
{
    /// <summary>Responses that are open at a time.</summary>
    public required double OpenStreams { get; init; }

    /// <summary>Function executions a second, those of the publishing timer included.</summary>
    public required double ExecutionsASecond { get; init; }

    /// <summary>That answer clients.</summary>
    public required double Instances { get; init; }

    /// <summary>Of all those instances.</summary>
    public required double Cores { get; init; }

    /// <summary>How much of them is used: 0 to 1.</summary>
    public required double CpuShare { get; init; }

    public required double TransactionsASecond { get; init; }

    /// <summary>Rows read and written in one topic's partition.</summary>
    public required double PartitionRowsASecond { get; init; }

    /// <summary>From publish to client.</summary>
    public required TimeSpan MedianLatency { get; init; }

    public required TimeSpan WorstLatency { get; init; }

    public required double OnDemand { get; init; }

    /// <summary>The same compute with every instance always ready: instead of <see cref="OnDemand"/>, not beside it.</summary>
    public required double AlwaysReady { get; init; }

    public required double Executions { get; init; }

    public required double Transactions { get; init; }

    public required double Storage { get; init; }

    public required double Egress { get; init; }

    /// <summary>Bytes to the internet.</summary>
    public required double EgressBytesASecond { get; init; }

    /// <summary>Log Analytics, if every execution were logged, which host.json and main.bicep keep from happening.</summary>
    public required double Logs { get; init; }

    /// <summary>What a hosted push service replaces: neither the bytes to clients nor logs.</summary>
    public double Service => Math.Min(OnDemand, AlwaysReady) + Executions + Transactions + Storage;

    /// <summary>Without logs: of executions that end well there are none.</summary>
    public double Total => Service + Egress;
}
