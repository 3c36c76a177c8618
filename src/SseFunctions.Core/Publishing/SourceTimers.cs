using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Publishing;

/// <summary>Runs timed sources by timers of this process.</summary>
internal sealed class SourceTimers(IEnumerable<TimedSource> sources, TimeProvider time, ILogger<TimerService> logger) : IHostedService, IDisposable
{
    private readonly List<TimerService> timers = [.. sources.Select(source => new TimerService(source.Schedule, source.TickAsync, time, logger))];

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(timers.Select(timer => timer.StartAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(timers.Select(timer => timer.StopAsync(cancellationToken)));

    public void Dispose() => timers.ForEach(timer => timer.Dispose());
}
