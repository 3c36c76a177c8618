using SseFunctions.Api;
using SseFunctions.EventLog;

namespace SseFunctions.Local;

/// <summary>
/// Sees to it that development storage answers: whenever nothing does, be it at start or because the host that ran
/// Azurite has gone, it starts Azurite on the same files.
/// </summary>
internal sealed partial class AzuriteKeeper(Settings settings, ILogger<AzuriteKeeper> logger) : BackgroundService
{
    /// <summary>The table port of UseDevelopmentStorage=true.</summary>
    private const int TablePort = 10002;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private Azurite? azurite;

    private bool IsWanted => settings.EventLog.TableServiceUri is null
        && settings.EventLog.ConnectionString.TrimEnd(';') == EventLogOptions.DevelopmentStorage;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsWanted)
            await StartWhereNothingAnswersAsync(cancellationToken);

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (azurite is not null)
            await azurite.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (IsWanted)
            {
                await Task.Delay(LookInterval, stoppingToken);
                await StartWhereNothingAnswersAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (LocalHostException fault)
        {
            LogNotRestarted(fault.Message);
        }
    }

    private async Task StartWhereNothingAnswersAsync(CancellationToken cancellationToken)
    {
        if (await Azurite.AnswersAsync(TablePort, cancellationToken))
            return;

        if (azurite is not null)
            await azurite.DisposeAsync();

        azurite = null;
        try
        {
            azurite = await Azurite.StartAsync(TablePort, Path.Combine(Azurite.Folder, ".azurite"), null, Console.WriteLine, cancellationToken);
            Console.WriteLine($"Azurite is running; its files are in {Path.Combine(Azurite.Folder, ".azurite")}");
        }
        catch (LocalHostException)
        {
            // Another local host may have been faster; ours then found the port taken.
            if (!await Azurite.AnswersAsync(TablePort, cancellationToken))
                throw;
        }
    }

    [LoggerMessage(EventId = 401, Level = LogLevel.Error, Message = "Azurite has gone and could not be started again: {Fault}")]
    private partial void LogNotRestarted(string fault);
}
