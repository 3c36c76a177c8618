using System.Globalization;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>A table of its own for one test. It is not there until something is written to it.</summary>
internal sealed record LogTable(string ConnectionString, string Name)
{
    public static async Task<LogTable> NewAsync() => new(await TestStorage.ConnectionStringAsync(), TestStorage.NewTableName());

    /// <summary>The same table, reached through a proxy.</summary>
    public LogTable Through(StorageProxy proxy) => this with { ConnectionString = proxy.ConnectionString };

    public TableClient Client() => TableConnection.Open(new EventLogOptions { ConnectionString = ConnectionString, TableName = Name }, TestTelemetry.Log);

    public EventTable Table(TimeProvider? time = null) => new(Client(), time ?? PatientClock.Instance);

    /// <summary>A log with a client and writers of its own: what another process would have.</summary>
    public TableEventLog Log(TimeProvider? time = null) => new(Table(time), TestTelemetry.Log, time ?? PatientClock.Instance);

    public TopicTrimmer Trimmer(TimeProvider? time = null) => new(Table(time), time ?? PatientClock.Instance);

    public RetentionSweep Sweep(RetentionOptions options, TimeProvider? time = null, ILogger<RetentionSweep>? logger = null) =>
        new(Table(time), time ?? PatientClock.Instance, options, logger ?? NullLogger<RetentionSweep>.Instance);

    /// <summary>A topic's row in the list; null when it is not listed.</summary>
    public async Task<TopicEntry?> EntryAsync(Topic topic) =>
        await Table().ReadRowAsync(TopicRows.Partition, topic.Name, EventTable.ReadTimeout, CancellationToken.None) is { } row ? TopicRows.ToEntry(row) : null;

    /// <summary>The row keys of a partition, as they lie there.</summary>
    public async Task<IReadOnlyList<string>> RowKeysAsync(string partition)
    {
        var keys = new List<string>();
        await foreach (var row in Client().QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {partition}")))
            keys.Add(row.RowKey);

        return keys;
    }

    /// <summary>The sequences of the event rows of a topic, retained or not.</summary>
    public async Task<IReadOnlyList<long>> EventRowsAsync(Topic topic) =>
        [.. (await RowKeysAsync(topic.Name)).Where(key => key[0] != '!').Select(key => long.Parse(key, CultureInfo.InvariantCulture))];

    /// <summary>When the table took an event, by its own clock.</summary>
    public async Task<DateTimeOffset> TimestampAsync(Topic topic, long sequence)
    {
        var row = await Client().GetEntityAsync<TableEntity>(topic.Name, LogRows.EventKey(sequence));
        return row.Value.Timestamp.GetValueOrDefault();
    }
}
