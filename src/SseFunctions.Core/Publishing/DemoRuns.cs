using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Publishing;

/// <summary>
/// The runs that the demo page starts, in this process and without a queue. A run of your own must survive its process: docs/runs.md.
/// </summary>
internal sealed partial class DemoRuns(IEventPublisher publisher, TimeProvider time, ILogger<DemoRuns> logger) : IHostedService
{
    /// <summary>At a time.</summary>
    public const int MaxRunning = 100;

    private readonly Lock gate = new();
    private readonly HashSet<Task> running = [];

    /// <summary>Runs whose first event is being written.</summary>
    private int starting;

    /// <summary>Begins a run whose first event, of the type "run", says what is to come.</summary>
    /// <returns>False when too many are running.</returns>
    public async Task<bool> TryStartAsync(DemoRun run, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (running.Count + starting >= MaxRunning)
                return false;

            starting++;
        }

        try
        {
            var announced = JsonSerializer.Serialize(new { run.Kind, run.Pieces, run.Rate, run.Text.Length, run.Checksum }, JsonSerializerOptions.Web);
            await publisher.PublishAsync(run.Topic, [new SseEvent(announced, "run")], cancellationToken: cancellationToken);
            using (ExecutionContext.SuppressFlow())
                Add(Task.Run(() => RunAsync(run), CancellationToken.None));

            return true;
        }
        finally
        {
            lock (gate)
                starting--;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The host has said that it stops; the runs end their topics.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task all;
        lock (gate)
            all = Task.WhenAll(running);

        await all.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Add(Task run)
    {
        lock (gate)
            running.Add(run);

        _ = run.ContinueWith(
            ended =>
            {
                lock (gate)
                    running.Remove(ended);
            },
            TaskScheduler.Default);
    }

    private async Task RunAsync(DemoRun run)
    {
        try
        {
            await publisher.PublishStreamAsync(run.Topic, run.RunAsync(time, CancellationToken.None));
        }
        catch (Exception ex)
        {
            LogRunEnded(run.Topic, ex.Message); // its readers have got the event "error"
        }
    }

    [LoggerMessage(EventId = 206, Level = LogLevel.Information, Message = "Run {Topic} of the demo page ended early: {Reason}")]
    private partial void LogRunEnded(string topic, string reason);
}
