using System.Diagnostics;

namespace SseFunctions.Benchmarks.Clients;

/// <summary>What the clients have seen since the last report. Times are in microseconds.</summary>
internal sealed class ClientReport
{
    private List<int> latencies = [];
    private List<int> firstBytes = [];

    /// <summary>Connections whose response has begun.</summary>
    public int Open { get; set; }

    /// <summary>Connections that have ended.</summary>
    public int Ends { get; set; }

    /// <summary>Clients that the server has told that there is no more.</summary>
    public int Over { get; set; }

    public long Events { get; set; }

    /// <summary>Events missing between two that came.</summary>
    public long Lost { get; set; }

    public long Repeated { get; set; }

    /// <summary>Chunks of the responses: the server's writes.</summary>
    public long Writes { get; set; }

    /// <summary>The minimum of the newest event numbers of all clients; -1 while one has none.</summary>
    public long Newest { get; set; } = -1;

    public int LatencyP50 { get; set; }

    public int LatencyP95 { get; set; }

    public int LatencyP99 { get; set; }

    public int FirstByteP50 { get; set; }

    public int FirstByteMax { get; set; }

    /// <summary>The load generator's own CPU, in seconds.</summary>
    public double CpuSeconds { get; set; }

    public void Event(long ticks)
    {
        Events++;
        latencies.Add((int)Math.Min(int.MaxValue, Stopwatch.GetElapsedTime(0, ticks).TotalMicroseconds));
    }

    public void Opened(long ticks)
    {
        Open++;
        firstBytes.Add((int)Stopwatch.GetElapsedTime(0, ticks).TotalMicroseconds);
    }

    /// <summary>Fills in the quantiles.</summary>
    public ClientReport Complete()
    {
        latencies.Sort();
        firstBytes.Sort();
        (LatencyP50, LatencyP95, LatencyP99) = (Quantile(latencies, 0.5), Quantile(latencies, 0.95), Quantile(latencies, 0.99));
        (FirstByteP50, FirstByteMax) = (Quantile(firstBytes, 0.5), Quantile(firstBytes, 1));
        return this;
    }

    /// <summary>Begins anew; what is open stays open.</summary>
    public void Reset()
    {
        (latencies, firstBytes) = ([], []);
        (Ends, Events, Lost, Repeated, Writes) = (0, 0, 0, 0, 0);
    }

    private static int Quantile(List<int> sorted, double share) => sorted.Count == 0 ? -1 : sorted[(int)Math.Min(sorted.Count - 1, share * sorted.Count)];
}
