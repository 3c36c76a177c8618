using System.Reflection;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>The folder of this repository, for tests of what is not code.</summary>
internal static class Repository
{
    public static readonly string Root = Metadata("RepositoryRoot")!;

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    /// <summary>The names of the test classes: a file has one, and its name.</summary>
    public static HashSet<string?> TestClasses { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension)];

    /// <summary>What the project file has noted in the test assembly; null when it has not.</summary>
    public static string? Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(metadata => metadata.Key == key)?.Value;
}
