using System.Globalization;
using Microsoft.Extensions.Configuration;
using SseFunctions.Configuration;

namespace SseFunctions.Api;

/// <summary>
/// What in a function app's host.json would cut streams or starve them, and what to write instead. A package cannot bring a host.json,
/// and nothing else would tell before a stream is cut.
/// </summary>
/// <param name="hostJson">The file with the app settings that override it.</param>
/// <param name="file">The file alone.</param>
/// <param name="isConsumption">Whether the app runs on a Consumption plan, which has throttles where host.json says nothing.</param>
internal sealed class HostJsonAdvice(IConfiguration hostJson, IConfiguration file, bool isConsumption)
{
    private const string Http = "extensions:http:";
    private const string PrefixKey = Http + "routePrefix";

    /// <summary>learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook#hostjson-settings</summary>
    private static readonly (string Key, string Unlimited, string OnConsumption, string Effect)[] Throttles =
    [
        ("maxOutstandingRequests", "-1", "200", "an open stream counts, and one too many gets 429, which ends an EventSource for good"),
        ("maxConcurrentRequests", "-1", "100", "an open stream counts, and what comes after so many waits until one ends"),
        ("dynamicThrottlesEnabled", "false", "true", "under load requests get 429, which ends an EventSource for good"),
    ];

    /// <summary>Set on Azure: "Dynamic" is the Consumption plan.</summary>
    private const string PlanVariable = "WEBSITE_SKU";

    /// <summary>What there is to say of the app's own file.</summary>
    public static IReadOnlyList<string> For(Settings settings, IConfiguration configuration)
    {
        var (hostJson, file) = HostJson.Load(configuration);
        return [.. new HostJsonAdvice(hostJson, file, isConsumption: configuration[PlanVariable] == "Dynamic").Lines(settings.Stream.Lifetime)];
    }

    /// <summary>A line for each.</summary>
    /// <param name="lifetime">How long a stream lives at most, once functionTimeout has its say.</param>
    public IEnumerable<string> Lines(TimeSpan lifetime)
    {
        if (DurationText.Parse(hostJson["functionTimeout"] ?? "") is { } timeout && timeout < HostJson.DefaultFunctionTimeout)
        {
            yield return $"functionTimeout is {DurationText.From(timeout)}: a stream ends within {DurationText.From(lifetime)}, and each that overran it would take the worker down with all others. "
                + $"Write \"functionTimeout\": \"{DurationText.From(HostJson.DefaultFunctionTimeout)}\".";
        }

        foreach (var (key, unlimited, onConsumption, effect) in Throttles)
        {
            var value = hostJson[Http + key] ?? (isConsumption ? onConsumption : unlimited);
            if (!value.Equals(unlimited, StringComparison.OrdinalIgnoreCase))
                yield return string.Create(CultureInfo.InvariantCulture, $"extensions.http.{key} is {value}: {effect}. Write \"{key}\": {unlimited}.");
        }

        // github.com/Azure/azure-functions-dotnet-worker, FunctionsEndpointDataSource: the worker routes by the file, the host by both.
        var (prefix, own) = (hostJson[PrefixKey] ?? HostJson.DefaultPrefix, file[PrefixKey] ?? HostJson.DefaultPrefix);
        if (prefix.Trim('/') != own.Trim('/'))
            yield return $"extensions.http.routePrefix is '{own}' in the file and '{prefix}' by an app setting: the worker goes by the file, and answers 404. Write \"routePrefix\": \"{prefix}\" into the file.";
    }
}
