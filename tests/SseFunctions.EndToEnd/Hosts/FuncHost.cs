using System.Globalization;
using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>The function app as it was built, under func (Azure Functions Core Tools), on an Azurite of its own.</summary>
internal sealed class FuncHost : IAsyncDisposable
{
    private static readonly string[] Names = OperatingSystem.IsWindows() ? ["func.exe", "func.cmd"] : ["func"];

    private static readonly string App = FunctionApp.Built.Folder;

    private readonly FullAzurite azurite;
    private readonly WatchedProcess process;

    private FuncHost(FullAzurite azurite, WatchedProcess process, Uri baseAddress) =>
        (this.azurite, this.process, BaseAddress) = (azurite, process, baseAddress);

    /// <summary>Why it cannot be started; null where it can.</summary>
    public static string? Missing => Executable is null
        ? "func (Azure Functions Core Tools 4) is not on the PATH."
        : File.Exists(Path.Combine(App, "functions.metadata"))
            ? null
            : $"The function app has not been built: there is no functions.metadata in {App}. dotnet build src/SseFunctions builds it.";

    /// <summary>The root of the API, with a slash at its end.</summary>
    public Uri BaseAddress { get; }

    /// <summary>The end of what it has written.</summary>
    public string Output => process.Output;

    private static string? Executable { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Starts it and waits until its health answers 200.</summary>
    public static async Task<FuncHost> StartAsync()
    {
        var azurite = await FullAzurite.StartAsync();
        var port = LocalHostProcess.FreePort();
        // In the output folder, as dotnet run starts it: there func finds no project, so it neither builds nor writes into the sources.
        var process = WatchedProcess.Start(Executable!, ["start", "--port", port.ToString(CultureInfo.InvariantCulture)], App, Settings(azurite));
        var host = new FuncHost(azurite, process, new Uri($"http://127.0.0.1:{port}/api/"));
        try
        {
            await host.BecomeHealthyAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        await azurite.DisposeAsync();
    }

    /// <summary>Environment variables, which win over a developer's own local.settings.json.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Settings(FullAzurite azurite) =>
    [
        new("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"),
        new("FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT", "1"),
        new("AzureWebJobsStorage", azurite.ConnectionString),
        new("EventLog__ConnectionString", azurite.ConnectionString),
        new("EventLog__TableName", TestStorage.NewTableName()),
        new("ClockSchedule", "*/2 * * * * *"),
        new("RetentionSchedule", "0 7 * * * *"),
        new("Access__AnonymousTopics", "*"),
    ];

    /// <summary>Asks after each line that it writes; it writes some at each tick of the clock.</summary>
    private async Task BecomeHealthyAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        do
            await process.ReadLineAsync();
        while (!await IsHealthyAsync(client));
    }

    private static async Task<bool> IsHealthyAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("health").WaitAsync(SseStream.Timeout);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }
}
