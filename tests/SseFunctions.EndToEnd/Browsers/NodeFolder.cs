using System.Diagnostics;
using System.Reflection;
using SseFunctions.Local;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The folder "node": scripts that node runs, with what its package-lock.json names.</summary>
internal static class NodeFolder
{
    public static readonly string FullName = typeof(NodeFolder).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "NodeFolder").Value!;

    private static readonly NpmInstallation Installation = new(FullName, "event stream clients, the AI SDK, a parser, terser and typescript", "The tests need Node.js 20 or later with npm on the PATH.");

    /// <summary>Starts node in the folder, its input and output redirected; the packages are installed when this returns.</summary>
    public static async Task<Process> StartAsync(params string[] arguments)
    {
        await Installation.EnsureAsync(Console.WriteLine, CancellationToken.None);
        return Process.Start(new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>Runs node to its end and returns what it wrote.</summary>
    public static async Task<string> RunAsync(ReadOnlyMemory<byte> input, params string[] arguments)
    {
        using var node = await StartAsync(arguments);
        var output = node.StandardOutput.ReadToEndAsync();
        await node.StandardInput.BaseStream.WriteAsync(input);
        node.StandardInput.Close();
        var text = await output.WaitAsync(SseStream.Timeout);
        await node.WaitForExitAsync().WaitAsync(SseStream.Timeout);
        Assert.True(node.ExitCode == 0, $"node {string.Join(' ', arguments)} ended with exit code {node.ExitCode}. {text}");
        return text;
    }
}
