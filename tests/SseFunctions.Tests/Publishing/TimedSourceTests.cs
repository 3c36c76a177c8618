using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

public class TimedSourceTests
{
    private static readonly Topic Clock = Topic.Parse("clock");

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task TickAsync_publishes_one_event_when_a_tick_runs_again_and_on_two_instances()
    {
        var table = await TestStorage.NewTableAsync();
        var (one, two) = (Instance(table, new ClockSource()), Instance(table, new ClockSource()));

        await TickAsync(one, two);
        await TickAsync(one);
        time.Advance(TimeSpan.FromSeconds(5));
        await TickAsync(one, two);

        Assert.Equal(["2026-11-22T12:00:00Z", "2026-11-22T12:00:05Z"], await Log(table).ReadTextsAsync(Clock));
    }

    /// <summary>A tick that runs again may read something else by then.</summary>
    [Fact]
    public async Task TickAsync_publishes_the_first_reading_and_says_so_when_a_tick_runs_again()
    {
        var table = await TestStorage.NewTableAsync();
        var (readings, lines) = (0, new Lines());
        var source = Instance(table, new Source(() => new SseEvent($"{++readings}", "reading")), lines);

        await TickAsync(source);
        Assert.Empty(lines.All);
        await TickAsync(source);
        var line = Assert.Single(lines.All);
        time.Advance(TimeSpan.FromSeconds(5));
        await TickAsync(source);

        Assert.Equal("Tick 2026-11-22T12:00:00Z of topic readings ran again and read something else: what was read first is published.", line);
        Assert.Single(lines.All);
        Assert.Equal(["1", "3"], await Log(table).ReadTextsAsync(Topic.Parse(Source.Name)));
    }

    [Fact]
    public async Task TickAsync_publishes_the_ticks_of_each_source_when_two_share_a_topic()
    {
        var table = await TestStorage.NewTableAsync();
        var (one, other) = (Instance(table, new Source(() => new SseEvent("temperature"))), Instance(table, new OtherSource(() => new SseEvent("humidity"))));

        await TickAsync(one, other);
        await TickAsync(one, other);

        Assert.Equal(["humidity", "temperature"], (await Log(table).ReadTextsAsync(Topic.Parse(Source.Name))).Order());
    }

    [Fact]
    public async Task TickAsync_publishes_nothing_when_there_is_nothing_or_the_topic_is_complete()
    {
        var table = await TestStorage.NewTableAsync();
        var source = Instance(table, new Source(() => null));
        await TickAsync(source);
        Assert.Null(await Log(table).HeadAsync(Topic.Parse(Source.Name)));

        await Log(table).CompleteAsync(Clock, CancellationToken.None);
        await TickAsync(Instance(table, new ClockSource()));
        Assert.Empty(await Log(table).ReadTextsAsync(Clock));
    }

    private static Task TickAsync(params TimedSource[] instances) =>
        Task.WhenAll(instances.Select(instance => instance.TickAsync(CancellationToken.None))).WaitAsync(SseStream.Patience);

    /// <summary>Its ticks are the test's, its pauses in a conflict are real.</summary>
    private TimedSource Instance(TableClient table, ITimedSource source, ILogger? logger = null) =>
        new(source, TickSchedule.TryParse(ClockSource.EveryFiveSeconds)!, Log(table), time, logger ?? NullLogger.Instance);

    private static TableEventLog Log(TableClient table) => new(new EventTable(table, TimeProvider.System), TestTelemetry.Log, TimeProvider.System);

    private class Source(Func<SseEvent?> read) : ITimedSource
    {
        public const string Name = "readings";

        public string Topic => Name;

        public string ScheduleSetting => "ReadingsSchedule";

        public string DefaultSchedule => ClockSource.EveryFiveSeconds;

        public ValueTask<SseEvent?> ReadAsync(DateTimeOffset tick, CancellationToken cancellationToken) => new(read());
    }

    private sealed class OtherSource(Func<SseEvent?> read) : Source(read);

    private sealed class Lines : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
