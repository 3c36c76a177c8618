using System.Globalization;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>The tables of docs/scale.md, in Markdown.</summary>
internal static class ScaleTables
{
    private static readonly double[] Sizes = [100, 10_000, 1_000_000];
    private static readonly double MonthSeconds = Assumptions.MonthHours * 3600;

    /// <summary>By the names of their markers.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["load"] = Load(),
        ["cost"] = Cost(),
        ["leavers"] = Leavers(),
        ["rate"] = Rate(),
        ["filter"] = Filter(),
        ["knobs"] = Knobs(),
        ["services"] = Services(),
        ["partition"] = Partition(),
        ["feed"] = Feed(),
        ["publishers"] = Publishers(),
        ["storm"] = Storm(),
        ["retention"] = Retention(),
        ["runs"] = Runs(),
        ["assumptions"] = AssumptionTable(),
    };

    private static (string Name, Func<double, Workload> For)[] Modes =>
    [
        ("hold, 512 MB", clients => new Workload { Clients = clients }),
        ("hold, 2048 MB", clients => new Workload { Clients = clients, InstanceMemoryMB = 2048 }),
        ("poll, 5 s", clients => new Workload { Clients = clients, PollEvery = TimeSpan.FromSeconds(5) }),
        ("poll, 60 s", clients => new Workload { Clients = clients, PollEvery = TimeSpan.FromSeconds(60) }),
    ];

    private static string Load() => Table(
        "| Clients | Mode | Open responses | Instances | Their cores | in use | Executions a month | Table transactions a month | Latency: median | worst |",
        from clients in Sizes
        from mode in Modes
        let estimate = CostModel.For(mode.For(clients))
        select Row(
            Number(clients), mode.Name, Number(estimate.OpenStreams), Number(estimate.Instances), Plain(estimate.Cores), Percent(estimate.CpuShare),
            Number(estimate.ExecutionsASecond * MonthSeconds), Number(estimate.TransactionsASecond * MonthSeconds),
            Latency(estimate.MedianLatency), Latency(estimate.WorstLatency)));

    private static string Cost() => Table(
        "| Clients | Mode | Compute on demand | or always ready | Executions | Table | Storage | Egress | Total | If all were logged |",
        from clients in Sizes
        from mode in Modes
        let estimate = CostModel.For(mode.For(clients))
        select Row(
            Number(clients), mode.Name, Dollars(estimate.OnDemand), Dollars(estimate.AlwaysReady), Dollars(estimate.Executions),
            Dollars(estimate.Transactions), Dollars(estimate.Storage), Dollars(estimate.Egress), $"**{Dollars(estimate.Total)}**", Dollars(estimate.Logs)));

    private static string Leavers() => Table(
        "| Clients, hold, 512 MB | 1 % of streams are left | 5 % | 20 % |",
        from clients in Sizes
        let workload = new Workload { Clients = clients }
        select Row(Number(clients), Dollars(CostModel.LeaverLogs(workload, 0.01)), Dollars(CostModel.LeaverLogs(workload, 0.05)), Dollars(CostModel.LeaverLogs(workload, 0.2))));

    private static string Rate() => Table(
        "| Events a second | Instances | CPU of them | Table transactions a month | Rows a second in the partition | Table | Egress | Total | Latency: median | worst |",
        from rate in (double[])[0.01, 0.2, 1, 10, 100]
        let estimate = CostModel.For(new Workload { Clients = 10_000, EventsASecond = rate })
        select Row(
            Plain(rate), Number(estimate.Instances), Percent(estimate.CpuShare), Number(estimate.TransactionsASecond * MonthSeconds), Number(estimate.PartitionRowsASecond),
            Dollars(estimate.Transactions), Dollars(estimate.Egress), Dollars(estimate.Total), Latency(estimate.MedianLatency), Latency(estimate.WorstLatency)));

    private static string Filter() => Table(
        "| Events a second | of them a browser wants | Instances | CPU of them | Egress a month | Egress | Total |",
        from rate in (double[])[1, 10]
        from share in (double[])[1, 0.5, 0.1, 0.01]
        let workload = new Workload { Clients = 10_000, EventsASecond = rate, WantedShare = share }
        let estimate = CostModel.For(workload)
        select Row(
            Plain(rate), Percent(share), Number(estimate.Instances), Percent(estimate.CpuShare), $"{Number(estimate.EgressBytesASecond * MonthSeconds / 1e9)} GB",
            Dollars(estimate.Egress), Dollars(estimate.Total)));

    private static string Knobs()
    {
        var held = new Workload { Clients = 10_000 };
        var busy = held with { EventsASecond = 1 };
        (string Name, Workload Workload)[] variants =
        [
            ("10,000 clients, one event in 5 s, hold, 512 MB", held),
            ("`Stream__Lifetime` 3 min 45 s", held with { Lifetime = TimeSpan.FromSeconds(225) }),
            ("`Stream__Lifetime` 30 s", held with { Lifetime = TimeSpan.FromSeconds(30) }),
            ("`Stream__Retry` 5 s", held with { Retry = TimeSpan.FromSeconds(5) }),
            ("`Stream__PollInterval` 1 s", held with { PollInterval = TimeSpan.FromSeconds(1) }),
            ("`perInstanceConcurrency` 200", held with { Concurrency = 200 }),
            ("`instanceMemoryMB` 2048", held with { InstanceMemoryMB = 2048 }),
            ("10 topics", held with { Topics = 10 }),
            ("1 event a second", busy),
            ("1 event a second, `Stream__PollInterval` 1 s", busy with { PollInterval = TimeSpan.FromSeconds(1) }),
        ];
        return Table(
            "| Changed | Instances | Executions a month | Table transactions a month | Total | Latency: median | worst |",
            from variant in variants
            let estimate = CostModel.For(variant.Workload)
            select Row(
                variant.Name, Number(estimate.Instances), Number(estimate.ExecutionsASecond * MonthSeconds), Number(estimate.TransactionsASecond * MonthSeconds),
                Dollars(estimate.Total), Latency(estimate.MedianLatency), Latency(estimate.WorstLatency)));
    }

    private static string Runs() => Table(
        "| A run of | Flush interval | Readers | Transactions to write it | Table requests in all | A million runs: table | storage for a day | egress | Total |",
        from run in (RunCost[])
        [
            new(500, 50, TimeSpan.FromMilliseconds(50), 1), new(500, 50, TimeSpan.FromMilliseconds(150), 1), new(500, 50, TimeSpan.FromMilliseconds(500), 1),
            new(500, 50, TimeSpan.FromMilliseconds(50), 10), new(5_000, 50, TimeSpan.FromMilliseconds(150), 1), new(20, 0.5, TimeSpan.FromMilliseconds(50), 1),
        ]
        select Row(
            $"{Number(run.Tokens)} tokens, {Plain(run.Rate)} a second", $"{run.Flush.TotalMilliseconds} ms", Number(run.Readers), Number(run.Transactions), Number(run.TableRequests),
            Dollars(run.Table * 1e6), Dollars(run.Storage * 1e6), Dollars(run.Egress * 1e6), $"**{Dollars((run.Table + run.Storage + run.Egress) * 1e6)}**"));

    private static string Services() => Table(
        "| Clients | Events a second | hold, 512 MB | hold, 2048 MB | SignalR Service | Web PubSub |",
        from clients in (double[])[100, 1_000, 10_000, 1_000_000]
        from rate in (double[])[0.001, 0.01, 0.05, 0.2, 1]
        let workload = new Workload { Clients = clients, EventsASecond = rate }
        let costs = (double[])[CostModel.For(workload).Service, CostModel.For(workload with { InstanceMemoryMB = 2048 }).Service, CostModel.SignalR(workload), CostModel.WebPubSub(workload)]
        select Row([Number(clients), Plain(rate), .. costs.Select(cost => cost == costs.Min() ? $"**{Dollars(cost)}**" : Dollars(cost))]));

    private static string Partition() => Table(
        "| Events a second of one topic | Rows a second of a process | Processes until the limit of the topic's partition | Clients at 1,000 a process |",
        from rate in (double[])[0.2, 1, 10, 100]
        let one = TableLoad.For(new Workload { Clients = 1_000, EventsASecond = rate }, 1, 1, 0).TopicRowsASecond - (2 * rate)
        let processes = Math.Floor((Assumptions.PartitionRows - (2 * rate)) / one)
        select Row(Plain(rate), Plain(one), Number(processes), Number(processes * 1_000)));

    /// <summary>A thousand streams on each instance, and one event a second over all topics.</summary>
    private static string Feed() => Table(
        "| Instances | Topics | of them a process follows | Polls a second of a process | refused | Rows a second in the change feed | Table requests a second of a process | of all | of an account's limit | Table, USD a month | Latency: median | worst |",
        from instances in (double[])[1, 10, 100, 200, 500, 1_000]
        from topics in (double[])[1, 1_000, 100_000]
        select FeedRow(new Workload { Clients = 1_000 * instances, Topics = topics, EventsASecond = 1 / topics }, instances, Number(topics)));

    /// <summary>One topic a stream; every instance publishes as well, an event a second.</summary>
    private static string Publishers() => Table(
        "| Instances, each publishing | Polls a second of a process | refused | KB a poll | MB a second of all | Rows a second in the change feed | From an answered poll to the next | Table, USD a month | Latency: median | worst |",
        from instances in (double[])[2, 10, 50, 100, 130, 200, 300, 500, 1_000]
        let topics = 1_000 * instances
        let load = TableLoad.For(new Workload { Clients = topics, Topics = topics, EventsASecond = instances / topics, Publishers = instances }, instances, 1, 0)
        select Row(
            Number(instances), Rounded(load.Rhythm.PollsASecond), Percent(load.Rhythm.RefusedShare),
            Rounded(load.Rhythm.BytesAPoll / 1e3), Rounded(load.Rhythm.BytesAPoll * instances / load.Rhythm.AnswerInterval.TotalSeconds / 1e6), Number(load.Rhythm.RowsASecond),
            Latency(load.Rhythm.AnswerInterval), Dollars(Requests(load, instances) * MonthSeconds / 10_000 * Assumptions.TenThousandTransactions),
            Latency(load.MedianLatency), Latency(load.WorstLatency)));

    private static string FeedRow(Workload workload, double instances, string topics)
    {
        var joins = workload.Clients / (CostModel.MeanLifetime(workload) + workload.Retry.TotalSeconds);
        var load = TableLoad.For(workload, instances, 1, joins);
        var requests = Requests(load, workload.EventsASecond * workload.Topics);
        return Row(
            Number(instances), topics, Number(load.FollowedTopics), Rounded(load.Rhythm.PollsASecond), Percent(load.Rhythm.RefusedShare),
            Number(load.Rhythm.RowsASecond), Rounded(load.ReadsASecond / instances), Number(requests), Percent(requests / Assumptions.AccountTransactions),
            Dollars(requests * MonthSeconds / 10_000 * Assumptions.TenThousandTransactions), Latency(load.MedianLatency), Latency(load.WorstLatency));
    }

    private static double Requests(TableLoad load, double events) => load.ReadsASecond + load.FlushesASecond + (events * (1 + CostModel.TrimsAnEvent));

    private static string Storm() => Table(
        "| Clients | Memory of an instance | Instances | Connections an instance | CPU an instance | With all its CPU, all are back after | Table reads |",
        from clients in Sizes
        from memory in (double[])[512, 2048]
        let estimate = CostModel.For(new Workload { Clients = clients, InstanceMemoryMB = memory })
        let connections = clients / estimate.Instances
        let cpu = connections * Assumptions.BusyCycleCpu
        select Row(
            Number(clients), $"{Plain(memory)} MB", Number(estimate.Instances), Number(connections), $"{Rounded(cpu)} s",
            $"{Rounded(cpu * estimate.Instances / estimate.Cores)} s", Number(estimate.Instances * 2)));

    private static string Retention()
    {
        const double Day = 86_400;
        return Table(
            "| Events a second | Rows a day | MB | Storage a month | Transactions a day to delete them | and a month, USD | Longest that 100,000 events are |",
            from rate in (double[])[1, 10, 100]
            let rows = rate * Day
            let bytes = rows * (new Workload { Clients = 0 }.EventBytes + Assumptions.RowOverhead)
            let transactions = rows * CostModel.TrimsAnEvent
            let longest = 100_000 / rate / 3600
            select Row(
                Plain(rate), Number(rows), Number(bytes / 1e6), Cents(bytes / 1e9 * Assumptions.TableGigabyte), Number(transactions),
                Cents(transactions * MonthSeconds / Day / 10_000 * Assumptions.TenThousandTransactions), $"{Rounded(longest)} h"));
    }

    private static string AssumptionTable() => Table(
        "| Assumption | Value | Unit | From |",
        Assumptions.All.Select(assumption => Row(
            assumption.Name, assumption.Value.ToString("#,0.#########", CultureInfo.InvariantCulture), assumption.Unit,
            assumption.Source.IsMeasured ? $"**measured**: {assumption.Source.Text}" : assumption.Source.Text)));

    private static string Table(string head, IEnumerable<string> rows) =>
        string.Join('\n', (string[])[head, "|" + string.Concat(head.Where(character => character == '|').Skip(1).Select(_ => "---|")), .. rows]);

    private static string Row(params IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";

    /// <summary>Three digits of it: more would be a lie.</summary>
    private static string Number(double value) => value >= 1e9
        ? string.Create(CultureInfo.InvariantCulture, $"{Rounded(value / 1e9)} G")
        : value >= 1e6 && value % 1e6 != 0
            ? string.Create(CultureInfo.InvariantCulture, $"{Rounded(value / 1e6)} M")
            : value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Rounded(double value) => value.ToString(value >= 100 ? "#,0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static string Plain(double value) => value.ToString(value >= 100 ? "#,0" : "0.###", CultureInfo.InvariantCulture);

    private static string Dollars(double value) => value is > 0 and < 0.01 ? "< $0.01" : value.ToString(value >= 10 ? "$#,0" : "$0.00", CultureInfo.InvariantCulture);

    private static string Cents(double value) => value.ToString("$0.0000", CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("0 %", CultureInfo.InvariantCulture);

    private static string Latency(TimeSpan time) => time < TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");
}
