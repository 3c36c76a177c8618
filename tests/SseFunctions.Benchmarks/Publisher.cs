using System.Diagnostics;
using SseFunctions.Benchmarks.Servers;

namespace SseFunctions.Benchmarks;

/// <summary>Publishes numbered events to a server at a steady rate.</summary>
internal sealed class Publisher(Server server)
{
    private const int EventBytes = 200;

    /// <summary>The number of the next event.</summary>
    public long Next { get; private set; }

    /// <param name="count">How many events.</param>
    /// <param name="rate">How many a second.</param>
    /// <param name="batch">How many at a time.</param>
    public async Task PublishAsync(int count, double rate, int batch = 1)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i += batch)
        {
            // By the clock: what one batch took too long, the next does not wait.
            if (TimeSpan.FromSeconds(i / rate) - Stopwatch.GetElapsedTime(start) is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait);

            await PublishBatchAsync(Math.Min(batch, count - i));
        }
    }

    public Task PublishBatchAsync(int count) =>
        server.PublishAsync([.. Enumerable.Range(0, count).Select(_ => BenchmarkEvent.Create(Next++, EventBytes))]);
}
