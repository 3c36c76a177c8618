using Azure.Data.Tables;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// Walks a path of the model with the real log, trimmer and table: each request must be the one that the model makes next, meets the
/// model's fate, and at the end rows and answers are the model's.
/// </summary>
internal sealed class Replay : IAsyncDisposable
{
    private readonly LogTable table;
    private readonly Explorer explorer;
    private readonly int maxEvents;
    private readonly List<HeldCalls> processes = [];
    private readonly List<(byte Nonce, LateRequest Request)> late = [];
    private readonly ReplayedWriter[] writers;
    private HeldCalls? trimming;
    private Task<long>? trim;
    private CancellationTokenSource trimmerDies = new();
    private State state = new();

    private Replay(LogTable table, ModelOptions options)
    {
        (this.table, explorer, maxEvents) = (table, new Explorer(options), options.MaxEvents);
        writers = [.. Enumerable.Range(0, ModelOptions.Writers).Select(writer => new ReplayedWriter(writer, options.Completes, StartAsync))];
    }

    /// <summary>Where the model is.</summary>
    public State State => state;

    /// <summary>What may come next.</summary>
    public IReadOnlyList<Step> Steps => [.. explorer.Moves(state).Select(move => move.Step)];

    public static async Task<Replay> StartAsync(ModelOptions options)
    {
        var table = await LogTable.NewAsync();
        await table.Client().CreateIfNotExistsAsync();
        return new Replay(table, options);
    }

    /// <summary>Takes a step in the model and in the real parts.</summary>
    public async Task StepAsync(Step step)
    {
        var before = state;
        state = explorer.Moves(state).Single(move => move.Step == step).State;
        switch (step.Actor)
        {
            case Actor.Network:
                await ArriveAsync(step.Nonce);
                break;
            case Actor.Trimmer:
                await TrimAsync(step);
                break;
            default:
                await writers[(int)step.Actor].StepAsync(step, before, state, Fate(step, before));
                break;
        }
    }

    /// <summary>Compares the table with the model. What the model says can do nothing any more arrives before that.</summary>
    public async Task CheckAsync()
    {
        foreach (var nonce in late.Select(request => request.Nonce).Where(nonce => state.LateSequence(nonce) == 0).Distinct().ToList())
            await ArriveAsync(nonce);

        var head = await table.Log().HeadAsync();
        Assert.Equal((state.First, state.Last, state.IsComplete), (head?.First ?? 1, head?.Last ?? 0, head?.Complete ?? false));
        Assert.Equal(Sequences(1, state.Last).Where(sequence => state.HasRow((int)sequence)), await table.EventRowsAsync(Orders));
        foreach (var sequence in await table.EventRowsAsync(Orders))
        {
            var row = await table.Client().GetEntityAsync<TableEntity>(Orders.Name, LogRows.EventKey(sequence));
            Assert.Equal(ReplayedWriter.Text(Nonce.AppendOf(state.NonceAt((int)sequence))), TextOf(LogRows.ToEvent(row)));
        }

        var keys = Enumerable.Range(0, Nonce.Max).Where(append => (state.Keys & (1 << append)) != 0).Select(append => LogRows.KeyOf(ReplayedWriter.Text(append)));
        Assert.Equal(keys.Order(StringComparer.Ordinal), (await table.RowKeysAsync(Orders.Name)).Where(key => key.StartsWith(LogRows.KeyPrefix, StringComparison.Ordinal)));
    }

    public async ValueTask DisposeAsync()
    {
        await trimmerDies.CancelAsync();
        foreach (var writer in writers)
            await writer.DisposeAsync();

        foreach (var (_, request) in late)
            await request.ArriveAsync();

        foreach (var process in processes)
            await process.DisposeAsync();

        trimmerDies.Dispose();
    }

    private async Task<(HeldCalls, TableClient)> StartAsync(bool isTrimmer)
    {
        var calls = await HeldCalls.StartAsync(isTrimmer);
        processes.Add(calls);
        // As TableConnection has it, but that a request may be held for long, and fails at once.
        var options = new TableClientOptions { RetryPolicy = new RetriesExceptTransactions(0, TimeSpan.Zero) };
        options.Retry.NetworkTimeout = TimeSpan.FromMinutes(5);
        return (calls, new TableClient(calls.ConnectionString, table.Name, options));
    }

    private Func<StorageCall, Task> Fate(Step step, State before) => step.Fate switch
    {
        Model.Fate.Answered => StorageProxy.PassOnAsync,
        Model.Fate.RequestLost => Faults.LoseRequestAsync,
        Model.Fate.AnswerLost => Faults.LoseAnswerAsync,
        Model.Fate.Late => Late(Nonce.Of((int)step.Actor, before.Writer((int)step.Actor))).HoldAsync,
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    private LateRequest Late(byte nonce)
    {
        var request = new LateRequest();
        late.Add((nonce, request));
        return request;
    }

    /// <summary>All copies: once more than one of them is nothing more.</summary>
    private async Task ArriveAsync(byte nonce)
    {
        foreach (var (_, request) in late.Where(request => request.Nonce == nonce))
            await request.ArriveAsync();

        late.RemoveAll(request => request.Nonce == nonce);
    }

    private async Task TrimAsync(Step step)
    {
        if (step.Does == Does.Crash)
        {
            trimming!.Die();
            await trimmerDies.CancelAsync();
            await Task.WhenAny(trim!);
            (trim, trimmerDies) = (null, new CancellationTokenSource());
            return;
        }

        if (trim is null)
        {
            (trimming, var client) = await StartAsync(isTrimmer: true);
            var time = new PassingTime();
            trim = new TopicTrimmer(new EventTable(client, time), time)
                .TrimAsync(maxEvents, cancellationToken: trimmerDies.Token);
        }

        await trimming!.LetAsync(step.Does, Fate(step, state));
        if (state.Trimmer.At == TrimmerAt.ReadHead && step.Does is Does.QueryRows or Does.DeleteRows)
        {
            await trim.WaitAsync(SseStream.Timeout);
            trim = null;
        }
    }
}
