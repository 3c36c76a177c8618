namespace SseFunctions.EventLog;

/// <summary>
/// What a caller gives once. Clients repeat themselves: a value that is given twice counts once, an empty one not at all, and
/// only two that differ are the client's fault.
/// </summary>
internal static class SingleValue
{
    /// <returns>The one value; null when there is none but empty ones.</returns>
    /// <exception cref="InvalidInputException">There are different values.</exception>
    public static string? Require(string name, IEnumerable<string?> values)
    {
        var different = values.Where(value => !string.IsNullOrEmpty(value)).Distinct(StringComparer.Ordinal).ToList();
        return different.Count > 1
            ? throw new InvalidInputException(name, $"{name} is given {different.Count} different values; one is allowed.", 1, different.Count, tooLarge: true)
            : different.FirstOrDefault();
    }
}
