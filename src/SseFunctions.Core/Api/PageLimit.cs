using System.Globalization;
using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads the parameter <c>limit</c> of what is answered page by page.</summary>
internal static class PageLimit
{
    private const int Default = 100;
    private const string Parameter = "limit";

    /// <param name="max">The maximum.</param>
    /// <returns>1 to the maximum; 100 when it is not given.</returns>
    /// <exception cref="InvalidInputException">It is no such number.</exception>
    public static int Read(HttpRequest http, int max)
    {
        if (RequestValue.FromQuery(http, Parameter) is not { } text)
            return Default;

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit))
            throw new InvalidInputException(Parameter, $"{Parameter} has {text.Length} characters that are no whole number from 1 to {max}.");

        return limit >= 1 && limit <= max
            ? limit
            : throw new InvalidInputException(Parameter, $"{Parameter} is {limit}; 1 to {max} are allowed.", max, limit, limit > max);
    }
}
