using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads the parameter <c>since</c>: a time as RFC 3339 writes it, or how long ago it is, such as <c>10m</c>.</summary>
internal static partial class SinceText
{
    /// <summary>Longer than retention can be.</summary>
    private const int MaxDays = 3650;

    private const string Parameter = "since";

    /// <returns>Null when it is not given.</returns>
    /// <exception cref="InvalidInputException">It has another form.</exception>
    public static Since? Read(HttpRequest http)
    {
        if (RequestValue.FromQuery(http, Parameter) is not { } text)
            return null;

        if (Duration().Match(text) is { Success: true } duration)
            return new Since(null, Age(duration));

        // A '+' that was not encoded arrives as a space.
        var time = text.Replace(' ', '+').ToUpperInvariant();
        return Time().IsMatch(time) && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.None, out var given)
            ? new Since(given.ToUniversalTime(), null)
            : throw new InvalidInputException(
                Parameter, $"{Parameter} has {text.Length} characters that are neither a time such as 2026-11-25T19:22:25Z nor a duration such as 90s, 10m, 24h or 7d.");
    }

    private static TimeSpan Age(Match duration)
    {
        var unit = duration.Groups["unit"].Value switch
        {
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            _ => TimeSpan.FromDays(1),
        };
        var max = TimeSpan.FromDays(MaxDays);
        var seconds = long.TryParse(duration.Groups["count"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count * (decimal)unit.TotalSeconds
            : decimal.MaxValue;
        return seconds <= (decimal)max.TotalSeconds
            ? TimeSpan.FromSeconds((double)seconds)
            : throw new InvalidInputException(
                Parameter,
                $"{Parameter} is longer than {MaxDays} days.",
                (long)max.TotalSeconds,
                seconds <= long.MaxValue ? (long)seconds : null,
                tooLarge: true);
    }

    [GeneratedRegex(@"\A(?<count>[0-9]+)(?<unit>[smhd])\z")]
    private static partial Regex Duration();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Time();
}
