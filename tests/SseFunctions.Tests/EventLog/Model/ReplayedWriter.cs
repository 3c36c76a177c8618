using Azure.Data.Tables;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>A publisher of the model, and its process with a log of its own.</summary>
/// <param name="index">Which.</param>
/// <param name="start">Starts a process.</param>
internal sealed class ReplayedWriter(int index, Func<bool, Task<(HeldCalls, TableClient)>> start) : IAsyncDisposable
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
            Assert.Equal((step.Does == Does.ReadKey ? AppendOutcome.Repeated : AppendOutcome.Appended, after.SequenceOf(number)), (result.Outcome, result.First));
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

        return log.AppendAsync(Orders, [Event(Text(number))], Nonce.HasKey(index) ? Text(number) : null, dies.Token);
    }
}
