namespace SseFunctions.Benchmarks.Scale;

/// <summary>What a run costs beside the instances that are there: a model's answer, in a topic of its own.</summary>
/// <param name="Tokens">Events of the run.</param>
/// <param name="Rate">Tokens a second.</param>
/// <param name="Flush">PublishStreamOptions.FlushInterval.</param>
/// <param name="Readers">Streams that read it, each on an instance of its own.</param>
internal sealed record RunCost(double Tokens, double Rate, TimeSpan Flush, double Readers)
{
    private const double TokenBytes = 60;
    private const double Gigabyte = 1e9;
    private const double RetainedMonths = 1 / 30.4;

    /// <summary>The topic's entry, its first head and the head's read; for its removal, the head, the entry and a look an hour for a day.</summary>
    private const double Overhead = 3 + 3 + (2 * 24);
    private const double TableBatch = 100;

    /// <summary>From the first token of a transaction on, those that come within the flush interval; the transaction completes before the next first one.</summary>
    public double Transactions => Math.Ceiling(Tokens / (Math.Floor(Flush.TotalSeconds * Rate) + 1));

    /// <summary>A reading instance asks for rows once for each hint that it sees, at most with each poll of the change feed.</summary>
    private double Reads => Readers * (1 + Math.Min(Transactions, Tokens / Rate / new Workload { Clients = 1 }.PollInterval.TotalSeconds));

    /// <summary>Of appends, hints, reads and removal.</summary>
    public double TableRequests => (2 * Transactions) + Reads + Overhead + Math.Ceiling(Tokens / TableBatch);

    /// <summary>A write to the client for each read.</summary>
    private double EgressBytes => Readers * Assumptions.ResponseBytes + (Readers * Tokens * (TokenBytes + Assumptions.FrameOverhead)) + (Reads * Assumptions.WriteOverhead);

    private double StoredBytes => Tokens * (TokenBytes + Assumptions.RowOverhead);

    public double Table => TableRequests / 10_000 * Assumptions.TenThousandTransactions;

    public double Storage => StoredBytes / Gigabyte * Assumptions.TableGigabyte * RetainedMonths;

    public double Egress => EgressBytes / Gigabyte * Assumptions.EgressTo10TB;
}
