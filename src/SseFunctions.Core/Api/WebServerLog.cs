using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Api;

/// <summary>What of the web server's own log gets into the app's logs.</summary>
internal static class WebServerLog
{
    private const string Category = "Microsoft.AspNetCore";

    /// <summary>Where Kestrel warns of each connection that it closes because there are too many, and of nothing else.</summary>
    private const string Connections = "Microsoft.AspNetCore.Server.Kestrel.Connections";

    /// <summary>
    /// Keeps what the web server logs below Warning out of every log. Its request lines, and at Debug the bytes that it could not
    /// parse, show query strings and headers, and with them keys and tokens.
    /// </summary>
    public static void Quieten(IServiceCollection services) => Allow(
        services, (category, level) => level >= LogLevel.Warning || category?.StartsWith(Category, StringComparison.Ordinal) != true);

    /// <summary>Makes one line a minute of those about connections too many.</summary>
    public static void CountRejectedConnections(IServiceCollection services)
    {
        services.AddHostedService<RejectedConnections>();
        Allow(services, (category, level) => level != LogLevel.Warning || category != Connections);
    }

    /// <summary>Whatever Logging__* says: of all rules the most specific is applied alone, so each of them gets the condition.</summary>
    private static void Allow(IServiceCollection services, Func<string?, LogLevel, bool> isAllowed) => services.PostConfigure<LoggerFilterOptions>(options =>
    {
        var rules = options.Rules.Prepend(new LoggerFilterRule(null, null, options.MinLevel, null)).ToList();
        options.Rules.Clear();
        foreach (var rule in rules)
        {
            options.Rules.Add(new LoggerFilterRule(
                rule.ProviderName,
                rule.CategoryName,
                rule.LogLevel,
                (provider, category, level) => isAllowed(category, level) && rule.Filter?.Invoke(provider, category, level) != false));
        }
    });
}
