using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace SseFunctions.Api;

/// <summary>Reads settings one by one and collects what is wrong with them, so that all faults are told at once.</summary>
internal sealed class SettingsReader(IConfiguration configuration)
{
    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> faults = [];

    /// <summary>The setting as text; null when it is not set or empty.</summary>
    public string? Text(string key)
    {
        known.Add(key);
        return configuration[key] is { Length: > 0 } text ? text : null;
    }

    /// <summary>A duration, written [d.]hh:mm:ss[.fff].</summary>
    /// <param name="key">The setting, sections separated by ':'.</param>
    /// <param name="fallback">Its value when not set; it need not be in the range.</param>
    /// <param name="least">The shortest that is allowed.</param>
    /// <param name="most">The longest that is allowed.</param>
    /// <param name="why">Where the range comes from, if not from here alone.</param>
    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan least, TimeSpan most, string why = "") => Read(
        key,
        fallback,
        text => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value : null,
        $"a duration from {least:c} to {most:c}, written [d.]hh:mm:ss[.fff]{why}");

    public long Number(string key, long fallback, long least, long most) => Read(
        key,
        fallback,
        text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value : null,
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));

    /// <param name="key">The setting, sections separated by ':'.</param>
    /// <param name="fallback">Its value when not set.</param>
    /// <param name="parse">Null for what is not allowed.</param>
    /// <param name="allowed">What is allowed, as a noun.</param>
    /// <param name="isSecret">Whether the value must not be shown.</param>
    public T Read<T>(string key, T fallback, Func<string, T?> parse, string allowed, bool isSecret = false)
        where T : struct
    {
        if (Text(key) is not { } text)
            return fallback;

        if (parse(text) is { } value)
            return value;

        Refuse(key, text, allowed, isSecret);
        return fallback;
    }

    public void Refuse(string key, string text, string allowed, bool isSecret = false) =>
        faults.Add($"{NameOf(key)} is {(isSecret ? $"a text of {text.Length} characters" : $"'{text}'")}; allowed is {allowed}.");

    /// <summary>Refuses settings of a section that nobody has read: most often a name with a typing error.</summary>
    public void RefuseUnknown(string section)
    {
        foreach (var child in configuration.GetSection(section).GetChildren().Where(child => !known.Contains(child.Path)))
            faults.Add($"{NameOf(child.Path)} is not a setting; {section} has {string.Join(", ", known.Where(IsOf(section)).Select(NameOf))}.");
    }

    /// <exception cref="SettingsException">There were faults.</exception>
    public void ThrowIfFaulty()
    {
        if (faults.Count > 0)
            throw new SettingsException(faults);
    }

    /// <summary>App settings separate sections by "__", which works in environment variables on every system.</summary>
    private static string NameOf(string key) => key.Replace(":", "__", StringComparison.Ordinal);

    private static Func<string, bool> IsOf(string section) => key => key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase);
}
