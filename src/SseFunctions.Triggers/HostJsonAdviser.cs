using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>Says at start, in one message, what in the app's host.json would cut or starve streams.</summary>
internal sealed partial class HostJsonAdviser(Settings settings, IConfiguration configuration, ILogger<HostJsonAdviser> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var lines = HostJsonAdvice.For(settings, configuration);
        if (lines.Count > 0)
            LogAdvice(string.Concat(lines.Select(line => $"{Environment.NewLine}  {line}")));

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 601, Level = LogLevel.Warning, Message = "host.json of this app would cut or starve streams:{Advice}")]
    private partial void LogAdvice(string advice);
}
