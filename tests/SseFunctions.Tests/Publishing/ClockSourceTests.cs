using System.Text;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

public class ClockSourceTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task TickAsync_writes_one_event_when_a_tick_runs_again_and_on_two_instances()
    {
        var table = await TestStorage.NewTableAsync();
        var (one, two) = (Instance(table), Instance(table));

        await TickAsync(one, two);
        await TickAsync(one);
        time.Advance(TimeSpan.FromSeconds(5));
        await TickAsync(one, two);

        var log = new TableEventLog(table, TestTelemetry.Log, TimeProvider.System);
        var head = await log.ReadHeadAsync(ClockSource.Topic, CancellationToken.None);
        var events = await log.ReadAsync(ClockSource.Topic, head!.Epoch, 1, 99, CancellationToken.None);
        Assert.Equal(["2026-11-22T12:00:00Z", "2026-11-22T12:00:05Z"], events.Select(e => Encoding.UTF8.GetString(e.Data.Span)));
    }

    private static Task TickAsync(params ClockSource[] instances) =>
        Task.WhenAll(instances.Select(instance => instance.TickAsync(CancellationToken.None))).WaitAsync(SseStream.Patience);

    /// <summary>Its ticks are the test's, its pauses in a conflict are real.</summary>
    private ClockSource Instance(TableClient table) => new(
        new TableEventLog(table, TestTelemetry.Log, TimeProvider.System),
        TickSchedule.TryParse("*/5 * * * * *")!,
        time,
        NullLogger<ClockSource>.Instance);
}
