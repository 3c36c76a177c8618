using SseFunctions.EventLog;

namespace SseFunctions.Local;

/// <summary>
/// Keeps development storage answering: whenever nothing does, at start or because the host that ran Azurite has gone, it
/// starts Azurite on the same files.
/// </summary>
/// <param name="isWanted">Whether the log is in development storage.</param>
/// <param name="tablePort">The port of the table service.</param>
/// <param name="location">The folder of Azurite's files.</param>
internal sealed partial class AzuriteKeeper(bool isWanted, int tablePort, string location, ILogger<AzuriteKeeper> logger) : BackgroundService
{
    /// <summary>The table port of UseDevelopmentStorage=true.</summary>
    private const int DevelopmentTablePort = 10002;

    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private Azurite? azurite;
    private string? lastFault;

    /// <summary>The Azurite that this process runs; null when there is none.</summary>
    public int? ProcessId => azurite?.ProcessId;

    public bool IsWanted => isWanted;

    public static AzuriteKeeper For(EventLogOptions options, ILogger<AzuriteKeeper> logger) => new(
        options.TableServiceUri is null && options.ConnectionString.TrimEnd(';') == EventLogOptions.DevelopmentStorage,
        DevelopmentTablePort,
        Path.Combine(Azurite.Folder, ".azurite"),
        logger);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (isWanted)
            await EnsureAnswersAsync(cancellationToken);

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
            while (isWanted)
            {
                await Task.Delay(CheckInterval, stoppingToken);
                await RestartAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>What fails now may succeed later: a port is released, a disk has room again.</summary>
    private async Task RestartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await EnsureAnswersAsync(cancellationToken);
            lastFault = null;
        }
        catch (LocalHostException ex)
        {
            if (ex.Message != lastFault)
                LogNotRestarted(ex.Message);

            lastFault = ex.Message;
        }
    }

    private async Task EnsureAnswersAsync(CancellationToken cancellationToken)
    {
        if (await Azurite.AnswersAsync(tablePort, cancellationToken))
            return;

        if (azurite is not null)
            await azurite.DisposeAsync();

        azurite = null;
        try
        {
            azurite = await Azurite.StartAsync(tablePort, location, null, Console.WriteLine, cancellationToken);
            Console.WriteLine($"Azurite is running; its files are in {location}");
        }
        catch (LocalHostException)
        {
            // Another local host may have been faster; this Azurite then found the port taken.
            if (!await Azurite.AnswersAsync(tablePort, cancellationToken))
                throw;
        }
    }

    [LoggerMessage(EventId = 401, Level = LogLevel.Error, Message = "Azurite has gone and could not be started again; the next try is in a second: {Fault}")]
    private partial void LogNotRestarted(string fault);
}
