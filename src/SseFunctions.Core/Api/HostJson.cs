using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using SseFunctions.Configuration;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>
/// What the Functions host reads from host.json and this app must know as well. App settings named
/// AzureFunctionsJobHost__* override the file: learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values.
/// </summary>
/// <param name="RoutePrefix">What stands before every route, without slashes at its ends; "api" by default.</param>
/// <param name="FunctionTimeout">How long an invocation may last; null when unbounded ("-1").</param>
internal sealed partial record HostJson(string RoutePrefix, TimeSpan? FunctionTimeout)
{
    private const string File = "host.json";
    private const string OverrideSection = "AzureFunctionsJobHost";
    private const string TimeoutKey = "functionTimeout";
    private const string PrefixKey = "extensions:http:routePrefix";
    public const string DefaultPrefix = "api";

    public const string PrefixRule = "letters, digits, '-', '.', '_' and '~', with '/' between them";

    /// <summary>The shortest of the plans' defaults, Consumption's: learn.microsoft.com/azure/azure-functions/functions-scale#timeout.</summary>
    public static readonly TimeSpan DefaultFunctionTimeout = TimeSpan.FromMinutes(5);

    /// <summary>A stream must have some time to live before the margin that it keeps to the timeout.</summary>
    private static readonly TimeSpan MinFunctionTimeout = 2 * StreamLifetime.Margin;

    /// <returns>The app's file with the app settings that override it, and the file alone.</returns>
    /// <exception cref="InvalidDataException">The file cannot be read.</exception>
    public static (IConfiguration Merged, IConfiguration File) Load(IConfiguration settings) => Load(settings, Path.Combine(AppContext.BaseDirectory, File));

    public static HostJson Read(SettingsReader reader) => Read(reader, Path.Combine(AppContext.BaseDirectory, File));

    /// <param name="reader">Collects what is wrong.</param>
    /// <param name="path">The full path of host.json, which need not be there.</param>
    public static HostJson Read(SettingsReader reader, string path)
    {
        try
        {
            var (merged, _) = Load(reader.Configuration, path);
            return new HostJson(ReadPrefix(merged[PrefixKey], reader), ReadTimeout(merged[TimeoutKey], reader));
        }
        catch (InvalidDataException ex)
        {
            reader.Refuse(JsonFault.Describe(File, ex));
            return new HostJson(DefaultPrefix, DefaultFunctionTimeout);
        }
    }

    private static (IConfiguration Merged, IConfiguration File) Load(IConfiguration settings, string path)
    {
        var file = new ConfigurationBuilder().AddJsonFile(path, optional: true).Build();
        return (new ConfigurationBuilder().AddConfiguration(file).AddConfiguration(settings.GetSection(OverrideSection)).Build(), file);
    }

    /// <summary>Whether it can stand before routes: nothing, or segments with '/' between them.</summary>
    public static bool IsPrefix(string text) => text.Length == 0 || PrefixForm().IsMatch(text);

    private static string ReadPrefix(string? text, SettingsReader reader)
    {
        var prefix = (text ?? DefaultPrefix).Trim('/');
        if (IsPrefix(prefix))
            return prefix;

        reader.AtTop().Refuse($"{OverrideSection}:{PrefixKey}", prefix, $"{PrefixRule}; {File} sets it as routePrefix of extensions.http");
        return DefaultPrefix;
    }

    private static TimeSpan? ReadTimeout(string? text, SettingsReader reader)
    {
        if (text is null)
            return DefaultFunctionTimeout;

        if (text == "-1")
            return null;

        if (DurationText.Parse(text) is { } timeout && timeout >= MinFunctionTimeout)
            return timeout;

        reader.AtTop().Refuse(
            $"{OverrideSection}:{TimeoutKey}",
            text,
            $"a duration of {DurationText.From(MinFunctionTimeout)} or more, written {DurationText.Format}, or -1; {File} sets it as {TimeoutKey}");
        return DefaultFunctionTimeout;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*\z")]
    private static partial Regex PrefixForm();
}
