using System.Globalization;
using Microsoft.Extensions.Configuration;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>
/// What the Functions host reads from host.json and this app must know as well. App settings named
/// AzureFunctionsJobHost__* override the file: learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values.
/// </summary>
/// <param name="RoutePrefix">What stands before every route, without slashes; "api" by default.</param>
/// <param name="FunctionTimeout">How long an invocation may last; null when unbounded ("-1").</param>
internal sealed record HostJson(string RoutePrefix, TimeSpan? FunctionTimeout)
{
    private const string OverrideSection = "AzureFunctionsJobHost";
    private const string TimeoutKey = "functionTimeout";

    /// <summary>The shortest of the plans' defaults, Consumption's: learn.microsoft.com/azure/azure-functions/functions-scale#timeout.</summary>
    private static readonly TimeSpan DefaultFunctionTimeout = TimeSpan.FromMinutes(5);

    /// <summary>A stream must have some time to live beside what it keeps clear of the timeout.</summary>
    private static readonly TimeSpan LeastFunctionTimeout = 2 * StreamLifetime.Margin;

    /// <param name="configuration">The app settings.</param>
    /// <param name="reader">Told when functionTimeout is no duration or too short.</param>
    public static HostJson Read(IConfiguration configuration, SettingsReader reader)
    {
        var merged = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json"), optional: true)
            .AddConfiguration(configuration.GetSection(OverrideSection))
            .Build();
        return new HostJson((merged["extensions:http:routePrefix"] ?? "api").Trim('/'), ReadTimeout(merged[TimeoutKey], reader));
    }

    private static TimeSpan? ReadTimeout(string? text, SettingsReader reader)
    {
        if (text is null)
            return DefaultFunctionTimeout;

        if (text == "-1")
            return null;

        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var timeout) && timeout >= LeastFunctionTimeout)
            return timeout;

        reader.Refuse($"{OverrideSection}:{TimeoutKey}", text, $"a duration of {LeastFunctionTimeout:c} or more, or -1; host.json sets it as {TimeoutKey}");
        return DefaultFunctionTimeout;
    }
}
