using System.Text.Json;

namespace SseFunctions.WorkerHost;

/// <summary>A folder with a function app as it is deployed.</summary>
/// <param name="Folder">The app's root: host.json, functions.metadata and worker.config.json are there.</param>
internal sealed record FunctionApp(string Folder)
{
    /// <summary>This repository's, of the configuration that is tested: Directory.Build.props puts all output side by side.</summary>
    public static FunctionApp Built { get; } = new(Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "SseFunctions", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))));

    /// <summary>The program that runs it, and that program's first argument.</summary>
    public (string Executable, string Worker) Command()
    {
        var description = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "worker.config.json"))).RootElement.GetProperty("description");
        return (
            description.GetProperty("defaultExecutablePath").GetString()!,
            Path.Combine(Folder, description.GetProperty("defaultWorkerPath").GetString()!));
    }
}
