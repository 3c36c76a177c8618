using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Api;
using SseFunctions.Configuration;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

/// <summary>Timed sources as a host runs them.</summary>
public sealed class TimedSourceHostTests
{
    private const string EverySecond = "* * * * * *";

    [Fact]
    public async Task Runtime_reports_streams_memory_and_processor()
    {
        await using var host = await TestHost.StartAsync([$"RuntimeSchedule={EverySecond}"]);
        await using var other = await host.OpenAsync("events/a");
        await using var stream = await host.OpenAsync("events/runtime");

        // A busy machine may run a tick so late that it counts for the next, which then comes twice.
        var states = new List<JsonElement>();
        while (states.Select(Time).Distinct().Count() < 2)
            states.Add(JsonDocument.Parse((await stream.ReadEventAsync())!.Data).RootElement);

        Assert.Equal(2, states[^1].GetProperty("streams").GetInt32());
        Assert.InRange(states[^1].GetProperty("memoryBytes").GetInt64(), 10_000_000, long.MaxValue);
        Assert.All(states, state => Assert.InRange(state.GetProperty("cpuPercent").GetDouble(), 0, 100));
        Assert.Matches("^[0-9a-f]{8}$", states[0].GetProperty("instance").GetString());
        Assert.Equal(states[0].GetProperty("instance").GetString(), states[^1].GetProperty("instance").GetString());
        Assert.All(states, state => Assert.Equal(0, Time(state).Ticks % TimeSpan.TicksPerSecond));
        Assert.InRange(Time(states[^1]), Time(states[0]).AddSeconds(1), DateTime.MaxValue);

        static DateTime Time(JsonElement state) => state.GetProperty("time").GetDateTime();
    }

    [Fact]
    public async Task A_registered_source_runs_by_the_schedule_that_is_set()
    {
        await using var host = await TestHost.StartAsync(
            [$"Tides:Schedule={EverySecond}"],
            configure: builder => builder.Services.AddTimedSource<Tides>());
        await using var stream = await host.OpenAsync("events/tides?from=start");

        var message = await stream.ReadEventAsync();

        Assert.Equal(("tide", "high"), (message?.Type, message?.Data));
        await host.Services.GetRequiredService<TimedSources>().TickAsync<Tides>(CancellationToken.None); // what a TimerTrigger does
    }

    [Fact]
    public async Task A_host_does_not_start_when_the_schedule_of_a_source_is_wrong()
    {
        var ex = await Assert.ThrowsAsync<SettingsException>(() => TestHost.StartAsync(
            ["Tides:Schedule=twice a day"],
            configure: builder => builder.Services.AddTimedSource<Tides>()));

        Assert.StartsWith("Tides__Schedule is 'twice a day';", Assert.Single(ex.Faults), StringComparison.Ordinal);
    }

    private sealed class Tides : ITimedSource
    {
        public string Topic => "tides";

        public string ScheduleSetting => "Tides__Schedule";

        public string DefaultSchedule => "0 0 0 1 1 *";

        public ValueTask<SseEvent?> ReadAsync(DateTimeOffset tick, CancellationToken cancellationToken) => new(new SseEvent("high", "tide"));
    }
}
