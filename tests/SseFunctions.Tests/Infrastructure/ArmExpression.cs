using System.Globalization;
using System.Text.RegularExpressions;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>The expressions that only Azure can evaluate, as far as infra/main.bicep has them: with these values in their place.</summary>
internal static partial class ArmExpression
{
    public const string ClientId = "01234567-89ab-cdef-0123-456789abcdef";
    public const string HostName = "sse.azurewebsites.net";
    public const string InsightsConnection = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://westeurope.in.applicationinsights.azure.com/";
    public const string StorageSuffix = "core.windows.net";

    /// <param name="text">A value of a predicted resource: an expression in brackets, or the value itself.</param>
    /// <exception cref="FormatException">An expression of another kind, which wants a value here.</exception>
    public static string Evaluate(string text)
    {
        if (!text.StartsWith('['))
            return text;

        var known = text[1..^1].Replace("environment().suffixes.storage", $"'{StorageSuffix}'", StringComparison.Ordinal);
        known = Reference().Replace(known, reference => $"'{ValueOf(reference.Groups["property"].Value)}'");
        if (Literal().Match(known) is { Success: true } literal)
            return literal.Groups["text"].Value;

        if (Format().Match(known) is { Success: true } format)
            return string.Format(CultureInfo.InvariantCulture, format.Groups["format"].Value, [.. format.Groups["argument"].Captures.Select(argument => argument.Value)]);

        throw new FormatException($"No value for the expression {text}");
    }

    private static string ValueOf(string property) => property switch
    {
        "clientId" => ClientId,
        "ConnectionString" => InsightsConnection,
        "defaultHostName" => HostName,
        _ => throw new FormatException($"No value for the property {property}"),
    };

    [GeneratedRegex(@"reference\('[^']*', '[^']*'\)\.(?<property>\w+)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\A'(?<text>[^']*)'\z")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\Aformat\('(?<format>[^']*)'(, '(?<argument>[^']*)')+\)\z")]
    private static partial Regex Format();
}
