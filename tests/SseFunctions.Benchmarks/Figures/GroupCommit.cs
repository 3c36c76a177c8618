using System.Globalization;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>Concurrent publishers of a topic share transactions: what that is worth, and what two processes lose to each other.</summary>
internal static class GroupCommit
{
    private const int Count = 64;
    private const double Goal = 20;
    private const double ContentionGoal = 0.5;

    /// <summary>What a transaction takes in a storage account beside Azurite's own time: group commit saves the waiting.</summary>
    private static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(25);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var azurite = await TestStorage.ConnectionStringAsync();
        yield return await AgainstOneByOneAsync("Azurite beside it", azurite);

        await using var proxy = await StorageProxy.StartAsync();
        proxy.Intercept = async call =>
        {
            await Task.Delay(Distance);
            await StorageProxy.PassOnAsync(call);
        };
        yield return await AgainstOneByOneAsync($"storage {Distance.TotalMilliseconds:0} ms away", proxy.ConnectionString);

        var one = await Publishers.MeasureAsync(azurite, TestStorage.NewTableName(), Count, processes: [1]);
        var two = await Publishers.MeasureAsync(azurite, TestStorage.NewTableName(), Count / 2, processes: [1, 2]);
        yield return new Figure(
            $"{Count} publishers in two processes, against one",
            string.Create(CultureInfo.InvariantCulture, $"≥ {ContentionGoal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{two / one:0.00} × ({two:N0} events/s against {one:N0})"),
            two >= ContentionGoal * one);
    }

    private static async Task<Figure> AgainstOneByOneAsync(string where, string connectionString)
    {
        var alone = await Publishers.MeasureAsync(connectionString, TestStorage.NewTableName(), Count, isShared: false);
        var shared = await Publishers.MeasureAsync(connectionString, TestStorage.NewTableName(), Count, isShared: true);
        return new Figure(
            $"{Count} publishers, group commit against a transaction an event, {where}",
            string.Create(CultureInfo.InvariantCulture, $"≥ {Goal:0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{shared / alone:0.0} × ({shared:N0} events/s against {alone:N0})"),
            shared >= Goal * alone);
    }
}
