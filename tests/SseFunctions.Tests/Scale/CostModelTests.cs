using SseFunctions.Benchmarks.Scale;

namespace SseFunctions.Tests.Scale;

/// <summary>The arithmetic of docs/scale.md where a mistake would be dear and nobody would see it.</summary>
public class CostModelTests
{
    [Fact]
    public void Of_doubles_what_clients_cost_and_nothing_else_when_clients_double()
    {
        var workload = new Workload { Clients = 109_000, EventsASecond = 1 }; // 108,000 streams and 1,000 that are between two
        var (one, two) = (CostModel.For(workload), CostModel.For(workload with { Clients = 2 * workload.Clients }));

        Assert.Equal(108, one.Instances);
        Assert.Equal(2 * one.Instances, two.Instances);
        Assert.Equal(2 * one.OpenStreams, two.OpenStreams, 3);
        Assert.Equal(2 * (one.ExecutionsASecond - workload.EventsASecond), two.ExecutionsASecond - workload.EventsASecond, 3);
        Assert.Equal(2 * (one.PartitionRowsASecond - 2), two.PartitionRowsASecond - 2, 3); // an event and the head are written once
        Assert.Equal(one.CpuShare, two.CpuShare, 3);
        Assert.Equal(one.Storage, two.Storage);
        Assert.Equal(one.MedianLatency, two.MedianLatency);
        Assert.Equal(one.WorstLatency, two.WorstLatency);

        var instanceMonth = 0.5 * 730 * 3600 * 0.000026;
        Assert.Equal(108 * instanceMonth, two.OnDemand - one.OnDemand, 3);
    }

    [Fact]
    public void Of_bills_a_held_instance_for_all_its_time_and_a_rarely_polled_one_for_a_second_a_request()
    {
        var held = CostModel.For(new Workload { Clients = 1_000, EventsASecond = 0, InstanceMemoryMB = 1024 });
        var polled = CostModel.For(new Workload { Clients = 1_000, EventsASecond = 0, InstanceMemoryMB = 1024, PollEvery = TimeSpan.FromHours(10) });

        Assert.Equal(((730 * 3600) - 100_000) * 0.000026, held.OnDemand, 3);
        Assert.Equal(0, polled.OnDemand); // 73,000 s, of which now and then two are one: less than the free ones
        Assert.Equal(0, polled.Executions);
    }

    [Fact]
    public void Of_counts_each_poll_as_an_execution_and_waits_for_it()
    {
        var estimate = CostModel.For(new Workload { Clients = 10_000, EventsASecond = 10, PollEvery = TimeSpan.FromSeconds(5) });

        Assert.Equal(2_010, estimate.ExecutionsASecond, 3);
        Assert.Equal(2.78, estimate.MedianLatency.TotalSeconds, 2); // half of 5 s, half of the poll interval, 30 ms
        Assert.Equal(8.03, estimate.WorstLatency.TotalSeconds, 2); // 7.5 s, the poll interval, 30 ms
    }

    [Theory]
    [InlineData(0, 0.5, 0)]
    [InlineData(10, 2, 2)]
    public void PollRhythm_is_the_quiet_or_the_busy_one_when_events_never_or_always_come(double eventsASecond, double polls, double loads)
    {
        var rhythm = PollRhythm.Of(eventsASecond, TimeSpan.FromSeconds(0.5));

        Assert.Equal(polls, rhythm.PollsASecond, 2);
        Assert.Equal(loads, rhythm.LoadsASecond, 2);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(1_100, 87)]
    [InlineData(10_000, 861.3)]
    [InlineData(50_000, 861.3 + 3_320)]
    [InlineData(151_000, 861.3 + 3_320 + 7_000 + 50)]
    public void EgressOf_bills_each_gigabyte_at_its_own_tier(double gigabytes, double cost) =>
        Assert.Equal(cost, CostModel.EgressOf(gigabytes), 3);

    [Fact]
    public void SignalR_counts_each_message_to_each_client_and_WebPubSub_its_bytes()
    {
        var workload = new Workload { Clients = 1_000, EventsASecond = 1, EventBytes = 2048 - 27 };
        var days = 730.0 / 24;

        Assert.Equal((1.61 + 85.4) * days, CostModel.SignalR(workload), 3);
        Assert.Equal(CostModel.SignalR(workload), CostModel.WebPubSub(workload), 3);
        Assert.Equal((1.61 + 171.8) * days, CostModel.SignalR(workload with { EventBytes = 2049 }), 3);
        Assert.Equal(1.61 * days, CostModel.WebPubSub(workload with { EventsASecond = 0.01 }), 3);
    }
}
