using SseFunctions.TestSupport;

namespace SseFunctions.WorkerHost;

/// <summary>The app settings of a function app on the tests' Azurite, all of whose topics are open.</summary>
internal static class AppSettings
{
    /// <param name="table">The name of its table.</param>
    /// <param name="settings">Pairs such as "Stream__Lifetime=00:00:05", which win over the rest.</param>
    public static async Task<IReadOnlyDictionary<string, string>> ForAsync(string table, params IEnumerable<string> settings)
    {
        var all = new Dictionary<string, string>
        {
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
            ["EventLog__ConnectionString"] = await TestStorage.ConnectionStringAsync(),
            ["EventLog__TableName"] = table,
            ["ClockSchedule"] = "*/2 * * * * *",
            ["RetentionSchedule"] = "0 7 * * * *",
            ["Access__AnonymousTopics"] = "*",
        };
        foreach (var setting in settings.Select(setting => setting.Split('=', 2)))
            all[setting[0]] = setting[1];

        return all;
    }
}
