using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

/// <summary>Anybody may start runs of the demo page: so many at a time.</summary>
public class DemoRunsTests
{
    [Fact]
    public async Task Runs_that_are_still_being_announced_count()
    {
        var release = new TaskCompletionSource();
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await host.PublishAsync("a", "makes the table, which a hundred runs at once would take long for");
        storage.Intercept = async call =>
        {
            await release.Task;
            await StorageProxy.PassOnAsync(call);
        };
        var runs = host.Services.GetRequiredService<DemoRuns>();
        var started = Enumerable.Range(0, DemoRuns.MaxRunning).Select(_ => TryStartAsync()).ToList();

        Assert.False(await TryStartAsync().WaitAsync(SseStream.Timeout));

        Assert.DoesNotContain(started, run => run.IsCompleted);
        release.SetResult();
        Assert.All(await Task.WhenAll(started).WaitAsync(SseStream.Timeout), Assert.True);

        Task<bool> TryStartAsync() => runs.TryStartAsync(new DemoRun("job", Pieces: 1, Rate: DemoRun.MaxRate), CancellationToken.None);
    }
}
