using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks;

/// <summary>A process that serves runs which another one writes.</summary>
internal static class RunReader
{
    public const string Verb = "run-reader";

    /// <summary>The process: writes the port on which it listens, and when it is given a line, how many requests it has made to the table.</summary>
    public static async Task<int> RunAsync(string connectionString, string table)
    {
        using var requests = new TableRequests();
        await using var host = await TestHost.StartAsync(table: table, connectionString: connectionString, configure: TableRequests.LogToStandardError);
        Console.WriteLine(host.BaseAddress.Port);
        Console.ReadLine();
        Console.WriteLine(requests.ToJson());
        return 0;
    }
}
