using System.Globalization;
using System.Text.RegularExpressions;

namespace SseFunctions.Configuration;

/// <summary>Durations as settings write them.</summary>
internal static partial class DurationText
{
    public const string Format = "[d.]hh:mm:ss[.fff], a day as 1.00:00:00";

    /// <returns>Null when the text has another form.</returns>
    /// <remarks>TimeSpan.Parse alone takes "30" for 30 days, "24:00:00" for 24 days and "1:30" for an hour and a half.</remarks>
    public static TimeSpan? Parse(string text) =>
        Form().IsMatch(text) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : null;

    public static string From(TimeSpan value) =>
        value.ToString((value.Days > 0 ? @"d\." : "") + @"hh\:mm\:ss" + (value.Milliseconds > 0 ? @"\.fff" : ""), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A([0-9]+\.)?([01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]{1,7})?\z")]
    private static partial Regex Form();
}
