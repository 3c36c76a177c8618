namespace SseFunctions.EndToEnd.Support;

/// <summary>What this repository's projects have built, in the configuration that is tested: Directory.Build.props puts all output side by side.</summary>
internal static class BuiltProject
{
    /// <summary>The configuration, in lower case.</summary>
    public static string Configuration { get; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    public static string Assembly(string project) =>
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, Configuration, $"{project}.dll"));
}
