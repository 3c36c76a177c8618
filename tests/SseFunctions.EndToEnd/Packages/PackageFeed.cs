using System.Globalization;
using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.EndToEnd.Packages;

/// <summary>The three packages, packed from what was built into a folder, under a version that no other run has.</summary>
public sealed class PackageFeed : IAsyncLifetime
{
    private static readonly string[] Projects = ["SseFunctions.Core", "SseFunctions.Triggers", "SseFunctions.Templates"];

    private static readonly string Sources = Path.GetFullPath(Path.Combine(NodeFolder.FullName, "../../../src"));

    private static readonly string GuestSources = Path.GetFullPath(Path.Combine(NodeFolder.FullName, "../Packages/GuestApp"));

    private readonly Lazy<Task<FunctionApp>> guestApp;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sse-packages-");

    public PackageFeed() => guestApp = new(BuildGuestAppAsync);

    public string Version { get; } = "0.0.0-test" + DateTime.UtcNow.ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);

    /// <summary>The folder that NuGet takes packages from.</summary>
    public string Folder => Directory.CreateDirectory(Path.Combine(folder.FullName, "feed")).FullName;

    /// <summary>A package's file.</summary>
    public string FileOf(string package, string extension = "nupkg") => Path.Combine(Folder, $"{package}.{Version}.{extension}");

    /// <summary>Skips a test of the packages in a brief run, for which none are made.</summary>
    public static void SkipInBrief() => Skip.IfNot(Thoroughness.IsFull, Thoroughness.PackagesOnlyInFull);

    public async Task InitializeAsync()
    {
        if (!Thoroughness.IsFull)
            return;

        foreach (var project in Projects)
        {
            await DotNet.RunAsync(
                Sources,
                ["pack", project, "-c", BuiltProject.Configuration, "--nologo", "-o", Folder, $"-p:PackageVersion={Version}", .. project.EndsWith(".Templates", StringComparison.Ordinal) ? (string[])[] : ["--no-build"]]);
        }
    }

    public Task DisposeAsync()
    {
        folder.Delete(recursive: true);
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var package in (string[])["ssefunctions", "ssefunctions.core"])
        {
            var unpacked = Path.Combine(cache, package, Version);
            if (Directory.Exists(unpacked))
                Directory.Delete(unpacked, recursive: true);
        }

        return Task.CompletedTask;
    }

    /// <summary>Packages/GuestApp, built once for all tests.</summary>
    internal Task<FunctionApp> GuestAppAsync() => guestApp.Value;

    /// <summary>A new folder, which goes with the feed.</summary>
    public string NewFolder(string name) => Path.Combine(folder.FullName, name);

    /// <summary>Builds an app that takes the packages from here.</summary>
    /// <returns>The output's folder, and what the build has written.</returns>
    public async Task<(string Output, IReadOnlyList<string> Lines)> BuildAsync(string app)
    {
        var output = Path.Combine(app, "out");
        var lines = await DotNet.RunAsync(
            app, "build", "--nologo", "-o", output, $"-p:RestoreAdditionalProjectSources={Folder}", $"-p:SseFunctionsVersion={Version}", "-p:UseSharedCompilation=false");
        return (output, lines);
    }

    private async Task<FunctionApp> BuildGuestAppAsync()
    {
        var app = Directory.CreateDirectory(NewFolder("GuestApp")).FullName;
        foreach (var file in Directory.EnumerateFiles(GuestSources))
            File.Copy(file, Path.Combine(app, Path.GetFileName(file)));

        return new FunctionApp((await BuildAsync(app)).Output);
    }
}
