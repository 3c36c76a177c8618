using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks;

/// <summary>A process that streams many runs, each into a topic of its own, as models answer: token by token, at a steady rate.</summary>
internal static class RunWriter
{
    public const string Verb = "runs";

    private const int TokenBytes = 40;

    /// <summary>How far apart the runs begin at most: a second, so that they are in step neither with each other nor with a poll.</summary>
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(1);

    public static string Topic(int run) => string.Create(CultureInfo.InvariantCulture, $"run-{run}");

    /// <summary>
    /// The process: writes a line when it is ready, begins when it is given one, writes at its end how many runs have failed, and how many
    /// requests it has made to the table, and ends with another line.
    /// </summary>
    public static async Task<int> RunAsync(string connectionString, string table, int runs, int tokens, int rate, int flushMs)
    {
        using var requests = new TableRequests();
        await using var host = await TestHost.StartAsync(table: table, connectionString: connectionString, configure: TableRequests.LogToStandardError);
        var publisher = host.Services.GetRequiredService<IEventPublisher>();
        var options = new PublishStreamOptions { FlushInterval = TimeSpan.FromMilliseconds(flushMs) };
        Console.WriteLine("ready");
        Console.ReadLine();
        var failed = await Task.WhenAll(Enumerable.Range(0, runs).Select(async run =>
        {
            try
            {
                await publisher.PublishStreamAsync(Topic(run), TokensAsync(tokens, rate), options);
                return 0;
            }
            catch (EventLogUnavailableException)
            {
                return 1;
            }
        }));
        Console.WriteLine(failed.Sum());
        Console.WriteLine(requests.ToJson());
        Console.ReadLine(); // until its CPU time has been read
        return 0;
    }

    /// <summary>Each has the time at which the model has it, whenever the emitter takes it.</summary>
    private static async IAsyncEnumerable<SseEvent> TokensAsync(int tokens, int rate)
    {
        await Task.Delay(Random.Shared.NextDouble() * Spread);
        var start = Stopwatch.GetTimestamp();
        for (var token = 0; token < tokens; token++)
        {
            var due = start + (token * Stopwatch.Frequency / rate);
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait);

            yield return new SseEvent(BenchmarkEvent.Create(token, TokenBytes, due));
        }
    }
}
