using System.Runtime.CompilerServices;
using Azure;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace SseFunctions.EventLog;

/// <summary>
/// The requests that the log makes to its table. The only file that calls the storage client: what this throws becomes an
/// <see cref="EventLogUnavailableException"/> here, and every request ends within its timeout.
/// </summary>
internal sealed class EventTable(TableClient table, TimeProvider time)
{
    /// <summary>Maximum rows of a query's page: learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination.</summary>
    public const int PageRows = 1000;

    /// <summary>The time of a read, with the storage client's own retries; of a query, the time of each page.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    /// <returns>Null when the topic, or the table, is not there.</returns>
    public async Task<TopicHead?> ReadHeadAsync(Topic topic, TimeSpan timeout, CancellationToken cancellationToken) =>
        await ReadRowAsync(topic.Name, LogRows.HeadKey, timeout, cancellationToken) is { } row ? LogRows.ToHead(row) : null;

    /// <returns>Null when the row, or the table, is not there.</returns>
    public async Task<TableEntity?> ReadRowAsync(
        string partitionKey, string rowKey, TimeSpan timeout, CancellationToken cancellationToken, string[]? select = null)
    {
        var answer = await ReadAsync(
            token => table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, select, token)!, timeout, cancellationToken);
        return answer is { HasValue: true } ? answer.Value : null;
    }

    /// <summary>Follows continuation tokens to the end, through pages that hold a token and no rows.</summary>
    public async IAsyncEnumerable<TableEntity> QueryAsync(string filter, string[]? select, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? continuation = null;
        do
        {
            var page = await ReadAsync(token => ReadPageAsync(filter, select, continuation, token), ReadTimeout, cancellationToken);
            foreach (var row in page?.Values ?? [])
                yield return row;

            continuation = page?.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(continuation));
    }

    /// <summary>Reads rows of the change feed. A poll that fails is not tried again: the next one comes soon.</summary>
    /// <returns>The rows, none when the table is not there; and the storage service's time when it began to answer.</returns>
    public async Task<(IReadOnlyList<TableEntity> Rows, DateTimeOffset? Date)> ReadChangesAsync(string filter, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var scope = HttpPipeline.CreateHttpMessagePropertiesScope(RetriesExceptTransactions.TriedOnce);
        var (rows, date, continuation) = (new List<TableEntity>(), (DateTimeOffset?)null, (string?)null);
        do
        {
            var page = await ReadAsync(token => ReadPageAsync(filter, null, continuation, token), timeout, cancellationToken);
            date ??= page?.GetRawResponse().Headers.Date;
            rows.AddRange(page?.Values ?? []);
            continuation = page?.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(continuation));
        return (rows, date);
    }

    /// <summary>Adds properties to a row of the change feed, or makes it; tries it once, and again where another writer was just making it.</summary>
    /// <returns>The storage service's time.</returns>
    public async Task<DateTimeOffset?> MergeChangesAsync(TableEntity row, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var scope = HttpPipeline.CreateHttpMessagePropertiesScope(RetriesExceptTransactions.TriedOnce);
        try
        {
            return await MergeAsync();
        }
        catch (EventLogUnavailableException ex) when (ex.Fault is { IsConflict: true })
        {
            return await MergeAsync();
        }

        async Task<DateTimeOffset?> MergeAsync() =>
            (await RequestAsync(token => table.UpsertEntityAsync(row, TableUpdateMode.Merge, token), timeout, cancellationToken)).Headers.Date;
    }

    /// <returns>The storage service's time, which rows' timestamps are by. A clock of this process may have jumped.</returns>
    public async Task<DateTimeOffset> ReadClockAsync(CancellationToken cancellationToken)
    {
        var answer = await ReadAsync(
            token => table.GetEntityIfExistsAsync<TableEntity>(TopicRows.Partition, TopicRows.PlaceKey, cancellationToken: token)!,
            ReadTimeout,
            cancellationToken);
        return answer?.GetRawResponse().Headers.Date ?? time.GetUtcNow();
    }

    /// <summary>Writes an append's rows and its head in one transaction; a topic's first head after the topic's registration.</summary>
    /// <param name="head">The head to write; with the default ETag it must not be there yet, with another it must be that.</param>
    /// <param name="batch">What to append; null for the head alone.</param>
    /// <param name="now">The events' time.</param>
    /// <returns>The ETag of the head.</returns>
    public async Task<ETag> CommitAsync(Topic topic, TopicHead head, AppendBatch? batch, DateTimeOffset now, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var operations = TopicTransaction.Operations(topic, head, batch, now);
        return await RequestAsync(
            async token =>
            {
                if (head.ETag == default)
                    await RegisterAsync(topic, token);

                var answer = await table.SubmitTransactionAsync(operations, token);
                return answer.Value[TopicTransaction.HeadIndex].Headers.ETag.GetValueOrDefault();
            },
            timeout,
            cancellationToken);
    }

    /// <summary>Writes the head as it is, for a new ETag.</summary>
    /// <returns>The new ETag.</returns>
    public Task<ETag> RewriteHeadAsync(Topic topic, TopicHead head, TimeSpan timeout, CancellationToken cancellationToken) => RequestAsync(
        async token => (await table.UpdateEntityAsync(LogRows.HeadRow(topic, head), head.ETag, TableUpdateMode.Replace, token)).Headers.ETag.GetValueOrDefault(),
        timeout,
        cancellationToken);

    /// <summary>Changes some properties of a row, when it is still the one that was read.</summary>
    /// <returns>The new ETag.</returns>
    public Task<ETag> MergeAsync(TableEntity row, ETag etag, CancellationToken cancellationToken) => RequestAsync(
        async token => (await table.UpdateEntityAsync(row, etag, TableUpdateMode.Merge, token)).Headers.ETag.GetValueOrDefault(),
        RetryBudget.WriteTimeout,
        cancellationToken);

    /// <summary>Writes a row, whatever is there.</summary>
    public Task ReplaceAsync(TableEntity row, TimeSpan timeout, CancellationToken cancellationToken) =>
        RequestAsync(token => table.UpsertEntityAsync(row, TableUpdateMode.Replace, token), timeout, cancellationToken);

    /// <summary>Deletes rows of one partition in one transaction, when all are there and still those that were read.</summary>
    public Task DeleteAsync(IReadOnlyList<TableEntity> rows, CancellationToken cancellationToken) => RequestAsync(
        token => table.SubmitTransactionAsync(
            rows.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)), token),
        RetryBudget.WriteTimeout,
        cancellationToken);

    /// <summary>Deletes a row, when it is still the one that was read, or is not there.</summary>
    public Task DeleteAsync(string partitionKey, string rowKey, ETag etag, CancellationToken cancellationToken) =>
        RequestAsync(token => table.DeleteEntityAsync(partitionKey, rowKey, etag, token), RetryBudget.WriteTimeout, cancellationToken);

    public Task<Response<TableItem>> CreateAsync(TimeSpan timeout, CancellationToken cancellationToken) =>
        RequestAsync(token => table.CreateIfNotExistsAsync(token), timeout, cancellationToken);

    /// <summary>Retention finds the topic by this row; before the head, so that no head is ever without it.</summary>
    private Task<Response> RegisterAsync(Topic topic, CancellationToken cancellationToken) =>
        table.UpsertEntityAsync(TopicRows.Registration(topic), TableUpdateMode.Merge, cancellationToken);

    private async Task<Page<TableEntity>?> ReadPageAsync(string filter, string[]? select, string? continuation, CancellationToken cancellationToken)
    {
        await using var pages = table.QueryAsync<TableEntity>(filter, select: select, cancellationToken: cancellationToken)
            .AsPages(continuation).GetAsyncEnumerator(cancellationToken);
        return await pages.MoveNextAsync() ? pages.Current : null;
    }

    /// <returns>The answer; null when the table is not there yet.</returns>
    private async Task<T?> ReadAsync<T>(Func<CancellationToken, Task<T?>> request, TimeSpan timeout, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await RequestAsync(request, timeout < ReadTimeout ? timeout : ReadTimeout, cancellationToken);
        }
        catch (EventLogUnavailableException ex) when (ex.Fault is { IsTableMissing: true })
        {
            return null;
        }
    }

    private async Task<T> RequestAsync<T>(Func<CancellationToken, Task<T>> request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await request(either.Token);
        }
        catch (AggregateException ex) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(ex.Message, ex, cancellationToken); // all tries of the storage client, the last of which the caller has ended
        }
        catch (Exception ex) when (StorageFault.IsStorage(ex, cancellationToken))
        {
            throw StorageFault.Unavailable(ex);
        }
    }
}
