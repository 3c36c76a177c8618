using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace SseFunctions.Api;

/// <summary>
/// What the Functions host reads from host.json and this app must know as well. App settings named
/// AzureFunctionsJobHost__* override the file: learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values.
/// </summary>
/// <param name="RoutePrefix">What stands before every route, without slashes; "api" by default.</param>
/// <param name="FunctionTimeout">How long an invocation may last; null when unbounded ("-1").</param>
internal sealed record HostJson(string RoutePrefix, TimeSpan? FunctionTimeout)
{
    /// <summary>The shortest of the plans' defaults, Consumption's: learn.microsoft.com/azure/azure-functions/functions-scale#timeout.</summary>
    private static readonly TimeSpan DefaultFunctionTimeout = TimeSpan.FromMinutes(5);

    /// <exception cref="SettingsException">The file's functionTimeout is no duration.</exception>
    public static HostJson Read(IConfiguration configuration)
    {
        var merged = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json"), optional: true)
            .AddConfiguration(configuration.GetSection("AzureFunctionsJobHost"))
            .Build();
        return new HostJson(
            (merged["extensions:http:routePrefix"] ?? "api").Trim('/'),
            merged["functionTimeout"] switch
            {
                null => DefaultFunctionTimeout,
                "-1" => null,
                var text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var timeout) && timeout > TimeSpan.Zero => timeout,
                var text => throw new SettingsException([$"host.json's functionTimeout is '{text}'; allowed is a duration hh:mm:ss, or -1."]),
            });
    }
}
