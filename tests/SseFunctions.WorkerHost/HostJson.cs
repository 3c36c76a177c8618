using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace SseFunctions.WorkerHost;

/// <summary>What this host takes from host.json; app settings named AzureFunctionsJobHost__* override the file.</summary>
/// <param name="RoutePrefix">What stands before every route.</param>
/// <param name="FunctionTimeout">How long an invocation may last.</param>
internal sealed record HostJson(string RoutePrefix, TimeSpan FunctionTimeout)
{
    private const string OverridePrefix = "AzureFunctionsJobHost__";

    public static HostJson Read(FunctionApp app, IReadOnlyDictionary<string, string> settings)
    {
        var overrides = settings
            .Where(setting => setting.Key.StartsWith(OverridePrefix, StringComparison.Ordinal))
            .Select(setting => KeyValuePair.Create(setting.Key[OverridePrefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value));
        var merged = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(app.Folder, "host.json"))
            .AddInMemoryCollection(overrides)
            .Build();
        return new HostJson(
            merged["extensions:http:routePrefix"] ?? "api",
            TimeSpan.Parse(merged["functionTimeout"] ?? "00:05:00", CultureInfo.InvariantCulture));
    }
}
