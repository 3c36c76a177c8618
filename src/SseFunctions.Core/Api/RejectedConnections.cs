using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Logs the connections that Kestrel closes because there are too many: their number, once a minute.</summary>
internal sealed partial class RejectedConnections : IHostedService, IDisposable
{
    /// <summary>learn.microsoft.com/aspnet/core/log-mon/metrics/built-in.</summary>
    private const string Meter = "Microsoft.AspNetCore.Server.Kestrel";
    private const string Counter = "kestrel.rejected_connections";

    private readonly MeterListener listener = new();
    private readonly FaultTally faults;
    private readonly ILogger logger;

    /// <param name="meters">This host's: another one in the process has its own connections.</param>
    public RejectedConnections(IMeterFactory meters, TimeProvider time, ILogger<RejectedConnections> logger)
    {
        (this.logger, faults) = (logger, new FaultTally(FaultTally.UsualInterval, time));
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Name == Counter && instrument.Meter.Name == Meter && instrument.Meter.Scope == meters)
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => faults.Add(LogRejected));
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        listener.Dispose();
        faults.Dispose();
    }

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "A connection was closed because there are too many ({Count} connections since the last such line)")]
    private partial void LogRejected(int count);
}
