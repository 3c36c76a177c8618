namespace SseFunctions.Configuration;

/// <summary>A setting that the app reads, as the table of docs/settings.md has it.</summary>
/// <param name="Name">As an app setting, sections separated by "__".</param>
/// <param name="Default">Its value when it is not set; null when there is none.</param>
/// <param name="Allowed">What is allowed, as messages say it.</param>
internal sealed record Setting(string Name, string? Default, string Allowed)
{
    /// <summary>App settings separate sections by "__", which environment variables can have on every system.</summary>
    public static string NameOf(string key) => key.Replace(":", "__", StringComparison.Ordinal);
}
