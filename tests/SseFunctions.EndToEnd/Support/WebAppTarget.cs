using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>An ASP.NET Core app with the emitter in it, in a process of its own (tests/SseFunctions.WebApp); whatever SSE_TARGET says.</summary>
public sealed class WebAppTarget : Target
{
    public const string Collection = "An ASP.NET Core app";

    private const string Listening = "Now listening on: ";

    private WatchedProcess? process;

    /// <summary>Opens the routes that need authorization.</summary>
    public string Key { get; } = Guid.NewGuid().ToString("N");

    public override async Task DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();

        await base.DisposeAsync();
    }

    protected override async Task<HttpClient> ConnectAsync()
    {
        process = WatchedProcess.Start("dotnet", [BuiltProject.Assembly("SseFunctions.WebApp"), "--urls=http://127.0.0.1:0"], AppContext.BaseDirectory, new Dictionary<string, string>
        {
            ["BackendKey"] = Key,
            ["EventLog__ConnectionString"] = await TestStorage.ConnectionStringAsync(),
            ["EventLog__TableName"] = TestStorage.NewTableName(),
            ["ClockSchedule"] = "*/2 * * * * *",
            ["Access__AnonymousTopics"] = "*",
        });
        string line;
        do
            line = await process.ReadLineAsync();
        while (!line.Contains(Listening, StringComparison.Ordinal));

        return NewClient(new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Trim() + "/api/"), Key);
    }
}
