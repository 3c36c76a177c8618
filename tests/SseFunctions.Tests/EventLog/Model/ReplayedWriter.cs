using Azure.Data.Tables;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>A publisher of the model, and its process with a log of its own.</summary>
/// <param name="index">Which.</param>
/// <param name="completes">Which appends end the topic.</param>
/// <param name="start">Starts a process.</param>
internal sealed class ReplayedWriter(int index, Func<int, bool> completes, Func<bool, Task<(HeldCalls, TableClient)>> start) : IAsyncDisposable
{
    private CancellationTokenSource dies = new();
    private HeldCalls? calls;
    private TableEventLog? log;
    private Task<AppendResult>? append;

    /// <summary>The text of an append's event, and its key if it has one.</summary>
    public static string Text(int append) => $"append-{append}";

    /// <param name="step">What the writer does.</param>
    /// <param name="before">The model before.</param>
    /// <param name="after">The model after.</param>
    /// <param name="fate">What becomes of its request.</param>
    public async Task StepAsync(Step step, State before, State after, Func<StorageCall, Task> fate)
    {
        if (step.Does == Does.Crash)
        {
            calls!.Die();
            await DisposeAsync();
            (dies, calls, log, append) = (new CancellationTokenSource(), null, null, null);
            return;
        }

        var number = Nonce.AppendOf(index, before.Writer(index));
        append ??= await AppendAsync(number);
        await calls!.LetAsync(step.Does, fate, isLate: step.Fate == Fate.Late);
        if (after.Writer(index).Append == before.Writer(index).Append && after.Writer(index).At is not (WriterAt.Done or WriterAt.Start))
            return;

        if (step.Does == Does.ReadRow && !before.HasRow(before.Writer(index).Sequence))
        {
            // Nobody can know any more whether the append was made.
            await Assert.ThrowsAsync<EventLogUnavailableException>(() => append.WaitAsync(SseStream.Timeout));
        }
        else
        {
            var result = await append.WaitAsync(SseStream.Timeout);
            var expected = step.Does == Does.ReadKey && (before.Keys & (1 << number)) != 0 ? AppendOutcome.Repeated
                : step.Does == Does.ReadKey || (step.Does is Does.ReadHead or Does.ReadRow && !after.HasNonce(Nonce.Of(index, before.Writer(index)))) ? AppendOutcome.TopicComplete
                : AppendOutcome.Appended;
            Assert.Equal((expected, expected == AppendOutcome.TopicComplete ? 0 : after.SequenceOf(number)), (result.Outcome, result.First));
        }

        append = null;
    }

    public async ValueTask DisposeAsync()
    {
        await dies.CancelAsync();
        if (append is not null)
            await Task.WhenAny(append);

        dies.Dispose();
    }

    private async Task<Task<AppendResult>> AppendAsync(int number)
    {
        if (log is null)
        {
            (calls, var client) = await start(false);
            var time = new PassingTime();
            log = new TableEventLog(new EventTable(client, time), TestTelemetry.Log, time);
        }

        var events = new Append([Event(Text(number))]) { IdempotencyKey = Nonce.HasKey(index) ? Text(number) : null, CompletesTopic = completes(number) };
        return log.AppendAsync(Orders, events, dies.Token);
    }
}
