using Microsoft.Extensions.Logging;

namespace SseFunctions.EventLog;

/// <summary>Trims every topic, on each tick of RetentionSchedule.</summary>
public sealed partial class RetentionSweep
{
    private readonly TableEventLog log;
    private readonly TopicTrimmer trimmer;
    private readonly RetentionOptions options;
    private readonly ILogger<RetentionSweep> logger;

    internal RetentionSweep(TableEventLog log, TopicTrimmer trimmer, RetentionOptions options, ILogger<RetentionSweep> logger) =>
        (this.log, this.trimmer, this.options, this.logger) = (log, trimmer, options, logger);

    /// <summary>Trims topic after topic. What cannot be trimmed now is trimmed by the next run.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var oldest = await log.PingAsync(cancellationToken) - options.MaxAge;
            await foreach (var topic in log.TopicsAsync(cancellationToken))
                await TrimAsync(topic, oldest, cancellationToken);
        }
        catch (EventLogUnavailableException fault)
        {
            LogNotListed(fault.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops: the next run goes on.
        }
    }

    private async Task TrimAsync(Topic topic, DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        try
        {
            var removed = await trimmer.TrimAsync(topic, oldest, options.MaxEvents, cancellationToken);
            if (removed > 0)
                LogTrimmed(removed, topic);
        }
        catch (EventLogUnavailableException fault)
        {
            LogNotTrimmed(topic, fault.Message);
        }
    }

    [LoggerMessage(EventId = 301, Level = LogLevel.Information, Message = "Retention removed {Removed} events of topic {Topic}.")]
    private partial void LogTrimmed(long removed, Topic topic);

    [LoggerMessage(EventId = 302, Level = LogLevel.Warning, Message = "Retention could not trim topic {Topic}: {Fault}")]
    private partial void LogNotTrimmed(Topic topic, string fault);

    [LoggerMessage(EventId = 303, Level = LogLevel.Warning, Message = "Retention could not list the topics: {Fault}")]
    private partial void LogNotListed(string fault);
}
