using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Runs;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Samples;

/// <summary>An orchestration's progress: each event once, whatever is run again.</summary>
public sealed class ReportRunsTests() : SharedHost
{
    [Fact]
    public async Task Progress_is_published_once_when_activities_are_retried_and_the_orchestrator_is_replayed()
    {
        var functions = new ReportRuns(Host.Services.GetRequiredService<IEventPublisher>());
        var context = new ReplayingContext("instance", async progress => await functions.ProgressAsync(progress, CancellationToken.None));

        for (var replay = 0; replay < 3; replay++)
            await ReportRuns.ReportAsync(context);

        await using var stream = await Host.OpenAsync("events/report-instance?from=start");
        List<string> events = [];
        while (await stream.ReadEventAsync() is { } message)
            events.Add($"{message.Type} {message.Data}");

        Assert.Equal([.. Enumerable.Range(1, 5).Select(step => $$"""progress {"step":{{step}},"of":5}"""), """progress {"done":true}"""], events);
        using var over = await Host.Client.GetAsync("events/report-instance?active=true");
        Assert.Equal(System.Net.HttpStatusCode.NoContent, over.StatusCode);
    }

    [Fact]
    public async Task Progress_ends_with_an_error_event_when_the_work_fails_for_good()
    {
        var functions = new ReportRuns(Host.Services.GetRequiredService<IEventPublisher>());
        var context = new ReplayingContext("failing", async progress => await functions.ProgressAsync(progress, CancellationToken.None)) { FailsAtStep = 2 };

        for (var replay = 0; replay < 2; replay++)
            await Assert.ThrowsAsync<TaskFailedException>(() => ReportRuns.ReportAsync(context));

        await using var stream = await Host.OpenAsync("events/report-failing?from=start");
        Assert.Equal(["""{"step":1,"of":5}""", """{"failed":true}"""], (await stream.ReadEventsAsync(2)).Select(message => message.Data));
        Assert.Null(await stream.ReadEventAsync());
    }
}
