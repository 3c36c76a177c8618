using System.Diagnostics;
using System.Globalization;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Servers;

/// <summary>A server that is a part of this program: it prints a line when it listens, and takes each line of its standard input as an event's data.</summary>
internal sealed class OwnServer : Server
{
    private readonly Process process;

    private OwnServer(string name, int port, Process process)
        : base(name, port) => this.process = process;

    public override string StreamPath => "/";

    protected override IEnumerable<int> ProcessIds => [process.Id];

    public static async Task<OwnServer> StartAsync(string name, string verb)
    {
        var port = LocalHostProcess.FreePort();
        var process = OwnProcess.Start(verb, port.ToString(CultureInfo.InvariantCulture));
        await process.StandardOutput.ReadLineAsync();
        return new OwnServer(name, port, process);
    }

    public override Task PublishAsync(params IReadOnlyList<string> data) => process.StandardInput.WriteLineAsync(string.Join('\n', data));

    public override ValueTask DisposeAsync()
    {
        process.Kill();
        process.Dispose();
        return ValueTask.CompletedTask;
    }
}
