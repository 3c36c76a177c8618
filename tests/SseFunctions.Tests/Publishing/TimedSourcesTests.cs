using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

public class TimedSourcesTests
{
    private static readonly Topic Clock = Topic.Parse("clock");

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task TickAsync_publishes_one_event_when_a_tick_runs_again_and_on_two_instances()
    {
        var table = await TestStorage.NewTableAsync();
        var (one, two) = (Instance(table, new ClockSource()), Instance(table, new ClockSource()));

        await TickAsync<ClockSource>(one, two);
        await TickAsync<ClockSource>(one);
        time.Advance(TimeSpan.FromSeconds(5));
        await TickAsync<ClockSource>(one, two);

        Assert.Equal(["2026-11-22T12:00:00Z", "2026-11-22T12:00:05Z"], await Log(table).ReadTextsAsync(Clock));
    }

    /// <summary>A tick that runs again may read something else by then.</summary>
    [Fact]
    public async Task TickAsync_publishes_the_first_reading_and_says_so_when_a_tick_runs_again()
    {
        var table = await TestStorage.NewTableAsync();
        var (readings, lines) = (0, new Lines());
        var source = Instance(table, new Source(() => new SseEvent($"{++readings}", "reading")), lines);

        await TickAsync<Source>(source);
        Assert.Empty(lines.All);
        await TickAsync<Source>(source);
        var line = Assert.Single(lines.All);
        time.Advance(TimeSpan.FromSeconds(5));
        await TickAsync<Source>(source);

        Assert.Equal("Tick 2026-11-22T12:00:00Z of topic readings ran again and read something else: the first reading is published.", line);
        Assert.Single(lines.All);
        Assert.Equal(["1", "3"], await Log(table).ReadTextsAsync(Topic.Parse(Readings.Name)));
    }

    [Fact]
    public async Task TickAsync_publishes_the_ticks_of_each_source_when_two_share_a_topic()
    {
        var table = await TestStorage.NewTableAsync();
        var sources = Instance(table, [new Source(() => new SseEvent("temperature")), new OtherSource(() => new SseEvent("humidity"))]);

        for (var run = 0; run < 2; run++)
            await Task.WhenAll(sources.TickAsync<Source>(CancellationToken.None), sources.TickAsync<OtherSource>(CancellationToken.None)).WaitAsync(SseStream.Timeout);

        Assert.Equal(["humidity", "temperature"], (await Log(table).ReadTextsAsync(Topic.Parse(Readings.Name))).Order());
    }

    [Fact]
    public async Task TickAsync_publishes_nothing_when_there_is_nothing_or_the_topic_is_complete()
    {
        var table = await TestStorage.NewTableAsync();
        var source = Instance(table, new Source(() => null));
        await TickAsync<Source>(source);
        Assert.Null(await Log(table).HeadAsync(Topic.Parse(Readings.Name)));

        await Log(table).CompleteAsync(Clock, CancellationToken.None);
        await TickAsync<ClockSource>(Instance(table, new ClockSource()));
        Assert.Empty(await Log(table).ReadTextsAsync(Clock));
    }

    /// <summary>On two instances it is published twice: each has a state of its own. So it is when the clock is set back.</summary>
    [Fact]
    public async Task Timers_publish_each_run_of_a_source_that_ticks_in_each_process()
    {
        var table = await TestStorage.NewTableAsync();
        var readings = 0;
        var run = Assert.Single(Instance(table, new EachProcess(() => new SseEvent($"{++readings}"))).Timers(perProcess: true)).Run;

        await run(CancellationToken.None).WaitAsync(SseStream.Timeout);
        time.AdjustTime(time.GetUtcNow() - TimeSpan.FromHours(1));
        await run(CancellationToken.None).WaitAsync(SseStream.Timeout);
        time.AdjustTime(time.GetUtcNow() + TimeSpan.FromHours(1));
        await run(CancellationToken.None).WaitAsync(SseStream.Timeout);

        Assert.Equal(["1", "2", "3"], await Log(table).ReadTextsAsync(Topic.Parse(Readings.Name)));
    }

    private static Task TickAsync<TSource>(params TimedSources[] instances)
        where TSource : ITimedSource =>
        Task.WhenAll(instances.Select(instance => instance.TickAsync<TSource>(CancellationToken.None))).WaitAsync(SseStream.Timeout);

    /// <summary>Its ticks are the test's, its pauses in a conflict are real.</summary>
    private TimedSources Instance(TableClient table, ITimedSource source, ILogger<TimedSources>? logger = null) => Instance(table, [source], logger);

    private TimedSources Instance(TableClient table, ITimedSource[] sources, ILogger<TimedSources>? logger = null) =>
        new(sources, _ => TickSchedule.TryParse(ClockSource.EveryFiveSeconds)!, Log(table), time, logger ?? NullLogger<TimedSources>.Instance);

    private static TableEventLog Log(TableClient table) => new(new EventTable(table, PatientClock.Instance), TestTelemetry.Log, PatientClock.Instance);

    private abstract class Readings(Func<SseEvent?> read) : ITimedSource
    {
        public const string Name = "readings";

        public string Topic => Name;

        public string ScheduleSetting => "ReadingsSchedule";

        public string DefaultSchedule => ClockSource.EveryFiveSeconds;

        public virtual bool IsPerProcess => false;

        public ValueTask<SseEvent?> ReadAsync(DateTimeOffset tick, CancellationToken cancellationToken) => new(read());
    }

    private sealed class Source(Func<SseEvent?> read) : Readings(read);

    private sealed class OtherSource(Func<SseEvent?> read) : Readings(read);

    private sealed class EachProcess(Func<SseEvent?> read) : Readings(read)
    {
        public override bool IsPerProcess => true;
    }

    private sealed class Lines : ILogger<TimedSources>
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
