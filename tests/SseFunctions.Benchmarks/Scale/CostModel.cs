using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>From a workload to what it takes and costs.</summary>
internal static class CostModel
{
    private const double Gigabyte = 1e9;
    private const double TableBatch = 100;
    private static readonly double CursorBytes = SseFrame.Cursor(new EventId("abc123", 1_000_000).ToString()).Length;
    private static readonly RetentionOptions Retention = new();
    private static readonly double MonthSeconds = Assumptions.MonthHours * 3600;

    public static Estimate For(Workload workload)
    {
        var (answers, open, cpu) = workload.PollEvery is { } every ? Polled(workload, every) : Held(workload);

        var cores = workload.InstanceMemoryMB / 1024 * Assumptions.CoresAGigabyte;
        var usable = (cores * Assumptions.UsableCpu) - Assumptions.ProcessCpu;
        var instances = Math.Ceiling(Math.Max(1, Math.Max(open / workload.Concurrency, cpu / usable)));

        var followedBy = instances * (1 - Math.Pow(1 - (1 / workload.Topics), workload.Clients / instances));
        var warm = workload.PollEvery is null ? 1 : WarmShare(answers / workload.Topics / followedBy);
        var table = TableLoad.For(workload, instances, warm, answers);
        var events = workload.EventsASecond * workload.Topics;

        // Each event is published by a tick of a timer, on an instance of its own.
        var publishing = Math.Min(1, events * Assumptions.ShortestExecution);
        var busy = BusyShare(answers / instances * Math.Max(Assumptions.ShortestExecution, open / answers));
        var retained = Math.Min(workload.EventsASecond * Retention.MaxAge.TotalSeconds, Retention.MaxEvents) * workload.Topics;
        var executions = (answers + events) * MonthSeconds;
        var gigabyteSeconds = workload.InstanceMemoryMB / 1024 * MonthSeconds;
        var egress = EgressASecond(workload, answers);
        var transactions = table.ReadsASecond + table.FlushesASecond + (events * (1 + TrimsAnEvent));

        return new Estimate
        {
            OpenStreams = open,
            ExecutionsASecond = answers + events,
            Instances = instances,
            Cores = instances * cores,
            CpuShare = ((cpu / instances) + Assumptions.ProcessCpu) / cores,
            TransactionsASecond = transactions,
            PartitionRowsASecond = table.TopicRowsASecond,
            MedianLatency = table.MedianLatency + ((workload.PollEvery ?? TimeSpan.Zero) / 2),
            WorstLatency = workload.PollEvery is { } between
                ? table.WorstLatency + Longest(between)
                : Later(table.WorstLatency, TimeSpan.FromSeconds(Assumptions.ReadTime) + Longest(workload.Retry)),
            OnDemand = Beyond(gigabyteSeconds * ((instances * busy) + publishing), Assumptions.OnDemandFree) * Assumptions.OnDemand,
            AlwaysReady = gigabyteSeconds * (instances + 1) * Assumptions.Baseline
                + (gigabyteSeconds * ((instances * busy) + publishing) * Assumptions.AlwaysReady),
            Executions = Beyond(executions, Assumptions.ExecutionsFree) / 1e6 * Assumptions.MillionExecutions,
            Transactions = transactions * MonthSeconds / 10_000 * Assumptions.TenThousandTransactions,
            Storage = retained * (workload.EventBytes + Assumptions.RowOverhead) / Gigabyte * Assumptions.TableGigabyte,
            EgressBytesASecond = egress,
            Egress = EgressOf(egress * MonthSeconds / Gigabyte),
            Logs = Beyond(LoggedASecond(answers + events, instances) * MonthSeconds / Gigabyte, Assumptions.LogFree) * Assumptions.LogGigabyte,
        };
    }

    /// <summary>Log Analytics in USD a month for streams whose clients leave in their middle, if host.json let the host log what it takes for failures.</summary>
    /// <param name="workload">Of held streams.</param>
    /// <param name="share">Of all streams, those that end so: 0 to 1.</param>
    public static double LeaverLogs(Workload workload, double share)
    {
        var estimate = For(workload);
        var rows = Math.Min(estimate.ExecutionsASecond * share * Assumptions.LeaverRowCount, estimate.Instances * Assumptions.SampledMost);
        return Beyond(rows * Assumptions.LeaverRow * Assumptions.LogBilled * MonthSeconds / Gigabyte, Assumptions.LogFree) * Assumptions.LogGigabyte;
    }

    /// <summary>SignalR Service in USD a month: each message to each client counts.</summary>
    public static double SignalR(Workload workload) => Units(workload, Math.Ceiling(workload.EventBytes / Assumptions.MessageBytes));

    /// <summary>Web PubSub in USD a month: the bytes of all messages count, in messages' sizes.</summary>
    public static double WebPubSub(Workload workload) => Units(workload, (workload.EventBytes + Assumptions.FrameOverhead) / Assumptions.MessageBytes);

    /// <summary>Deletes in batches, and reads of the rows that go, for each event in the end.</summary>
    public static double TrimsAnEvent => (1 / TableBatch) + (1.0 / TableEventLog.PageRows);

    /// <summary>Writes of new events and heartbeats to a held stream. Events that one poll has found are one write.</summary>
    public static double WritesASecond(Workload workload) =>
        Math.Max(Math.Min(WantedASecond(workload), 1 / workload.PollInterval.TotalSeconds), 1 / workload.Heartbeat.TotalSeconds);

    /// <summary>The average of what <see cref="StreamLifetime"/> draws.</summary>
    public static double MeanLifetime(Workload workload) => workload.Lifetime.TotalSeconds * (1 + StreamLifetime.MinShare) / 2;

    private static (double Answers, double Open, double Cpu) Held(Workload workload)
    {
        var answers = workload.Clients / (MeanLifetime(workload) + workload.Retry.TotalSeconds);
        var open = answers * MeanLifetime(workload);
        return (answers, open, (open * (Assumptions.StreamCpu + (WritesASecond(workload) * Assumptions.WriteCpu))) + (answers * Assumptions.CycleCpu));
    }

    private static (double Answers, double Open, double Cpu) Polled(Workload workload, TimeSpan every)
    {
        var answers = workload.Clients / every.TotalSeconds;
        return (answers, answers * Assumptions.PollCpu, answers * Assumptions.PollCpu);
    }

    /// <summary>How much of the time an instance is billed, when what it executes begins at random and lasts so much a second on average.</summary>
    private static double BusyShare(double load) => 1 - Math.Exp(-load);

    /// <summary>How many requests find the topic's feed there: it goes on for some seconds after its last reader.</summary>
    private static double WarmShare(double requestsASecond) => 1 - Math.Exp(-requestsASecond * TopicFeedRegistry.WarmTime.TotalSeconds);

    /// <summary>Events that reach a client.</summary>
    private static double WantedASecond(Workload workload) => workload.EventsASecond * workload.WantedShare;

    /// <summary>Heartbeats of a held stream that say where it is, since a filter has left out events since the last write.</summary>
    private static double CursorsASecond(Workload workload) =>
        workload is { PollEvery: null, WantedShare: < 1 } ? Math.Max(0, (1 / workload.Heartbeat.TotalSeconds) - WantedASecond(workload)) : 0;

    private static double EgressASecond(Workload workload, double answers)
    {
        var events = workload.Clients * ((WantedASecond(workload) * (workload.EventBytes + Assumptions.FrameOverhead)) + (CursorsASecond(workload) * CursorBytes));
        var writes = workload.PollEvery is null ? workload.Clients * WritesASecond(workload) : 0;
        return events + (writes * Assumptions.WriteOverhead) + (answers * (Assumptions.ResponseBytes + Assumptions.WriteOverhead));
    }

    private static double LoggedASecond(double executions, double instances)
    {
        var sampled = Math.Min(executions * Assumptions.SampledRowCount, instances * Assumptions.SampledMost);
        var rows = (executions * Assumptions.RequestRows) + (sampled / Assumptions.SampledRowCount * Assumptions.SampledRows);
        return rows * Assumptions.LogBilled;
    }

    /// <summary>Bytes to the internet, in USD a month.</summary>
    public static double EgressOf(double gigabytes)
    {
        const double Terabyte = 1000;
        (double To, double Price)[] tiers =
        [
            (Assumptions.EgressFree, 0),
            (10 * Terabyte, Assumptions.EgressTo10TB),
            (50 * Terabyte, Assumptions.EgressTo50TB),
            (150 * Terabyte, Assumptions.EgressTo150TB),
            (double.PositiveInfinity, Assumptions.EgressBeyond),
        ];
        var (cost, from) = (0.0, 0.0);
        foreach (var (to, price) in tiers)
        {
            cost += Beyond(Math.Min(gigabytes, to), from) * price;
            from = to;
        }

        return cost;
    }

    private static double Units(Workload workload, double messagesAnEvent)
    {
        var units = Math.Ceiling(workload.Clients / Assumptions.UnitConnections);
        var messages = workload.Clients * workload.EventsASecond * 86_400 * messagesAnEvent;
        var day = (units * Assumptions.UnitDay) + (Beyond(messages, units * Assumptions.UnitMessages) / 1e6 * Assumptions.MillionMessages);
        return day * Assumptions.MonthHours / 24;
    }

    private static double Beyond(double amount, double free) => Math.Max(0, amount - free);

    private static TimeSpan Longest(TimeSpan reconnectionTime) => reconnectionTime * (1 + ReconnectionTime.Spread);

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
