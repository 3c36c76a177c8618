namespace SseFunctions.Benchmarks.Scale;

/// <summary>
/// Every number of the model that is not a setting. Prices are pay as you go, East US, USD without tax; no price page could be
/// asked when they were written down, so each names what it was taken from.
/// </summary>
internal static class Assumptions
{
    private static readonly Source RetailPrices = new("meter of [Flex Consumption](https://azure.microsoft.com/pricing/details/functions/): Retail Prices API, eastus, as published in a public repository on 2026-07-30");
    private static readonly Source FlexPrices = new("[Functions pricing](https://azure.microsoft.com/pricing/details/functions/), as several public repositories quote it in 2025 and 2026");
    private static readonly Source FlexPlan = new("[Flex Consumption plan](https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan)");
    private static readonly Source TablePrices = new("[Table Storage pricing](https://azure.microsoft.com/pricing/details/storage/tables/), LRS, as several public repositories quote it, the latest of 2026-07-22");
    private static readonly Source TableTargets = new("[Table Storage targets](https://learn.microsoft.com/azure/storage/tables/scalability-targets), for rows of 1 KiB");
    private static readonly Source BandwidthPrices = new("[Bandwidth pricing](https://azure.microsoft.com/pricing/details/bandwidth/), from North America, as several public repositories quote it");
    private static readonly Source MonitorPrices = new("[Azure Monitor pricing](https://azure.microsoft.com/pricing/details/monitor/), Analytics Logs, as several public pages quote it in 2026");
    private static readonly Source PushPrices = new("[SignalR Service](https://azure.microsoft.com/pricing/details/signalr-service/) and [Web PubSub](https://azure.microsoft.com/pricing/details/web-pubsub/), Standard: Retail Prices API, eastus, as published in a public repository");
    private static readonly Source PushRules = new("[SignalR messages](https://learn.microsoft.com/azure/azure-signalr/signalr-concept-messages-and-connections), [Web PubSub billing](https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model)");
    private static readonly Source OnFunctionsHost = new("Functions host 4.1037 and worker, both processes, two cores", IsMeasured: true);
    private static readonly Source OnTheWire = new("what left the same host", IsMeasured: true);
    private static readonly Source Supposed = new("supposed");

    public static readonly Assumption MonthHours = new("A month", 730, "h", Supposed);

    public static readonly Assumption OnDemand = new("Compute on demand", 0.000026, "USD a GB-s", RetailPrices);
    public static readonly Assumption OnDemandFree = new("of it free a month", 100_000, "GB-s", FlexPrices);
    public static readonly Assumption Baseline = new("Compute always ready, while it is there", 0.000004, "USD a GB-s", RetailPrices);
    public static readonly Assumption AlwaysReady = new("Compute always ready, while it executes, beside that", 0.000016, "USD a GB-s", FlexPrices);
    public static readonly Assumption MillionExecutions = new("A million executions", 0.40, "USD", RetailPrices);
    public static readonly Assumption ExecutionsFree = new("of them free a month, on demand", 250_000, "", FlexPrices);
    public static readonly Assumption ShortestExecution = new("Shortest time an instance is billed for", 1, "s", FlexPlan);

    public static readonly Assumption TenThousandTransactions = new("10,000 table transactions; a batch counts as one", 0.00036, "USD", TablePrices);
    public static readonly Assumption TableGigabyte = new("A GB in the table for a month", 0.045, "USD", TablePrices);
    public static readonly Assumption RowOverhead = new("A row beside its event's data", 220, "B", new("sum of its properties' names and values, in UTF-16, by [Understanding the Table service data model](https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model)"));

    public static readonly Assumption EgressFree = new("Egress free a month", 100, "GB", BandwidthPrices);
    public static readonly Assumption EgressTo10TB = new("Egress up to 10 TB", 0.087, "USD a GB", BandwidthPrices);
    public static readonly Assumption EgressTo50TB = new("Egress up to 50 TB", 0.083, "USD a GB", BandwidthPrices);
    public static readonly Assumption EgressTo150TB = new("Egress up to 150 TB", 0.07, "USD a GB", BandwidthPrices);
    public static readonly Assumption EgressBeyond = new("Egress beyond", 0.05, "USD a GB", BandwidthPrices);
    public static readonly Assumption WriteOverhead = new("TCP/IP, TLS and HTTP around a write", 83, "B", Supposed);
    public static readonly Assumption FrameOverhead = new("An event's id, field names and chunk", 27, "B", OnTheWire);
    public static readonly Assumption ResponseBytes = new("A response without events", 278, "B", OnTheWire);

    public static readonly Assumption LogGigabyte = new("A GB into Log Analytics", 2.30, "USD", MonitorPrices);
    public static readonly Assumption LogFree = new("of it free a month", 5, "GB", MonitorPrices);
    public static readonly Assumption LogBilled = new("Billed bytes of a row, as a share of its JSON", 0.75, "", new("[cost of logs](https://learn.microsoft.com/azure/azure-monitor/logs/cost-logs)"));
    public static readonly Assumption RequestRows = new("JSON of the request and the span of an execution, if all are logged", 1_691, "B", OnTheWire);
    public static readonly Assumption SampledRows = new("JSON of its two traces and its dependency, which are sampled", 3_155, "B", OnTheWire);
    public static readonly Assumption SampledRowCount = new("of these rows an execution", 3, "", OnTheWire);
    public static readonly Assumption SampledMost = new("of them an instance, after sampling", 20, "a second", new("[host.json](https://learn.microsoft.com/azure/azure-functions/functions-host-json), maxTelemetryItemsPerSecond"));

    public static readonly Assumption LeaverRowCount = new("Exception rows of a stream whose client leaves in its middle", 2, "", OnTheWire);
    public static readonly Assumption LeaverRow = new("JSON of each", 13_000, "B", OnTheWire);

    public static readonly Assumption CoresAGigabyte = new("Cores of an instance", 0.5, "a GB", FlexPlan);
    public static readonly Assumption UsableCpu = new("of them to plan with", 0.7, "", Supposed);
    public static readonly Assumption MostInstances = new("Instances of an app", 1000, "", FlexPlan);
    public static readonly Assumption RegionCores = new("Cores of a subscription in a region, unless raised", 250, "", FlexPlan);
    public static readonly Assumption PartitionRows = new("Rows of a partition", 2_000, "a second", TableTargets);
    public static readonly Assumption AccountTransactions = new("Transactions of a storage account", 20_000, "a second", TableTargets);

    public static readonly Assumption ProcessCpu = new("CPU of host and worker without streams", 0.02, "s a second", OnFunctionsHost);
    public static readonly Assumption StreamCpu = new("CPU of a stream that is open", 16e-6, "s a second", OnFunctionsHost);
    public static readonly Assumption WriteCpu = new("CPU of a write to a stream, beside that", 50e-6, "s", OnFunctionsHost);
    public static readonly Assumption CycleCpu = new("CPU of a stream's begin and end, at 20 a second", 5e-3, "s", OnFunctionsHost);
    public static readonly Assumption BusyCycleCpu = new("the same at 270 a second", 2e-3, "s", OnFunctionsHost);
    public static readonly Assumption PollCpu = new("CPU of a request with ?mode=poll, at 2,500 a second; at 100, 3.8 ms", 0.7e-3, "s", OnFunctionsHost);
    public static readonly Assumption LineBytes = new("A topic's line in the change feed", 45, "B", Supposed);
    public static readonly Assumption PageBytes = new("A process's page in the change feed beside its lines", 25, "B", Supposed);
    public static readonly Assumption ReadTime = new("From a poll's start to the client's bytes: a poll, a read of the rows", 0.03, "s", Supposed);
    public static readonly Assumption HintTime = new("From publish to its hint in the change feed: a commit, a flush", 0.03, "s", Supposed);

    public static readonly Assumption UnitDay = new("A unit of SignalR Service or Web PubSub", 1.61, "USD a day", PushPrices);
    public static readonly Assumption UnitConnections = new("Connections of a unit", 1_000, "", PushRules);
    public static readonly Assumption UnitMessages = new("Messages free with a unit", 1_000_000, "a day", PushRules);
    public static readonly Assumption MillionMessages = new("A million messages beyond", 1.00, "USD", PushPrices);
    public static readonly Assumption MessageBytes = new("The most bytes of a message", 2048, "B", PushRules);

    /// <summary>All of them, as they stand above.</summary>
    public static IReadOnlyList<Assumption> All { get; } =
        [.. typeof(Assumptions).GetFields().Where(field => field.FieldType == typeof(Assumption)).Select(field => (Assumption)field.GetValue(null)!)];
}
