using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Api;

/// <summary>
/// Keeps what the web server logs below Warning out of every log. Its request lines, and at Debug the bytes that it could not
/// parse, show query strings and headers, and with them keys and tokens.
/// </summary>
internal static class WebServerLog
{
    private const string Category = "Microsoft.AspNetCore";

    /// <summary>Whatever Logging__* says: of all rules the most specific is applied alone, so each of them gets the condition.</summary>
    public static void Quieten(IServiceCollection services) => services.PostConfigure<LoggerFilterOptions>(options =>
    {
        var rules = options.Rules.Prepend(new LoggerFilterRule(null, null, options.MinLevel, null)).ToList();
        options.Rules.Clear();
        foreach (var rule in rules)
        {
            options.Rules.Add(new LoggerFilterRule(
                rule.ProviderName,
                rule.CategoryName,
                rule.LogLevel,
                (provider, category, level) => IsAllowed(category, level) && rule.Filter?.Invoke(provider, category, level) != false));
        }
    });

    private static bool IsAllowed(string? category, LogLevel level) =>
        level >= LogLevel.Warning || category?.StartsWith(Category, StringComparison.Ordinal) != true;
}
