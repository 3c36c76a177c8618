using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using SseFunctions.Local;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>npm's eventsource-parser, run by node.</summary>
internal static class EventSourceParser
{
    private static readonly string Folder = typeof(EventSourceParser).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "ParserFolder").Value!;

    private static readonly NpmInstallation Installation = new(Folder, "eventsource-parser", "The tests need Node.js 20 or later with npm on the PATH.");

    public static async Task<IReadOnlyList<SseMessage>> ParseAsync(byte[] stream)
    {
        await Installation.EnsureAsync(Console.WriteLine, CancellationToken.None);
        using var node = Process.Start(new ProcessStartInfo("node", ["parse.mjs"])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var output = node.StandardOutput.ReadToEndAsync();
        await node.StandardInput.BaseStream.WriteAsync(stream);
        node.StandardInput.Close();
        var lines = (await output.WaitAsync(SseStream.Patience)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await node.WaitForExitAsync().WaitAsync(SseStream.Patience);
        Assert.Equal(0, node.ExitCode);
        return [.. lines.Select(line => JsonSerializer.Deserialize<string[]>(line)!).Select(e => new SseMessage(e[0], e[1], e[2]))];
    }
}
