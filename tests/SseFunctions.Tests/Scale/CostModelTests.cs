using SseFunctions.Benchmarks.Scale;

namespace SseFunctions.Tests.Scale;

/// <summary>The arithmetic of docs/scale.md where a mistake would be dear and nobody would see it.</summary>
public class CostModelTests
{
    [Fact]
    public void Of_doubles_what_clients_cost_and_nothing_else_when_clients_double()
    {
        var workload = new Workload { Clients = 54_500, EventsASecond = 1 }; // 54,000 streams and 500 that are between two
        var (one, two) = (CostModel.For(workload), CostModel.For(workload with { Clients = 2 * workload.Clients }));

        Assert.Equal(54, one.Instances);
        Assert.Equal(2 * one.Instances, two.Instances);
        Assert.Equal(2 * one.OpenStreams, two.OpenStreams, 3);
        Assert.Equal(2 * (one.ExecutionsASecond - workload.EventsASecond), two.ExecutionsASecond - workload.EventsASecond, 3);
        Assert.Equal(2 * (one.PartitionRowsASecond - 2), two.PartitionRowsASecond - 2, 3); // an event and the head are written once
        Assert.Equal(one.CpuShare, two.CpuShare, 3);
        Assert.Equal(one.Storage, two.Storage);
        Assert.Equal(one.MedianLatency, two.MedianLatency);
        Assert.Equal(one.WorstLatency, two.WorstLatency);

        var instanceMonth = 0.5 * 730 * 3600 * 0.000026;
        Assert.Equal(54 * instanceMonth, two.OnDemand - one.OnDemand, 3);
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
        Assert.Equal(2.61, estimate.MedianLatency.TotalSeconds, 2); // half of 5 s, half of the poll interval, 60 ms
        Assert.Equal(7.695, estimate.WorstLatency.TotalSeconds, 3); // 7.5 s, 1.1 poll intervals, a flush interval, 60 ms
    }

    /// <summary>Egress falls with the share of events that are wanted, down to the cursors of heartbeats.</summary>
    [Fact]
    public void Of_sends_what_a_filter_passes()
    {
        var all = new Workload { Clients = 10_000, EventsASecond = 10 };
        var (whole, tenth, none) = (CostModel.For(all), CostModel.For(all with { WantedShare = 0.1 }), CostModel.For(all with { WantedShare = 0 }));

        var eventBytes = 10_000 * (200 + Assumptions.FrameOverhead + Assumptions.WriteOverhead);
        Assert.Equal(9 * eventBytes, whole.EgressBytesASecond - tenth.EgressBytesASecond, 1);
        Assert.InRange(none.EgressBytesASecond, 10_000 / 15.0 * 40, 0.05 * whole.EgressBytesASecond);
        Assert.True(none.Instances < whole.Instances);
    }

    /// <summary>10 polls a second, a look a minute for each topic, a read of rows for each topic that moved.</summary>
    [Theory]
    [InlineData(1, 1, 0, 10 + (1 / 60.0))]
    [InlineData(1_000, 1, 0, 10 + (1 / 60.0))]
    [InlineData(1_000_000, 1_000, 0, 10 + (1_000 / 60.0))]
    [InlineData(1_000_000, 1_000, 0.01, 20 + (1_000 / 60.0))]
    public void TableLoad_grows_with_topics_only_by_looks_and_moved_topics(double clients, double topics, double eventsASecond, double reads)
    {
        var load = TableLoad.For(new Workload { Clients = clients, Topics = topics, EventsASecond = eventsASecond }, 1, 1, 0);

        Assert.Equal(topics, load.FollowedTopics, 3);
        Assert.Equal(reads, load.ReadsASecond, 0.01);
    }

    [Fact]
    public void TableLoad_counts_a_head_for_each_client_whose_topic_is_not_followed_yet()
    {
        var alone = new Workload { Clients = 1_000, Topics = 1_000_000, EventsASecond = 0 };

        Assert.Equal(9, TableLoad.For(alone, 1, 1, 9).ReadsASecond - TableLoad.For(alone, 1, 1, 0).ReadsASecond, 0.01);
        Assert.Equal(0, TableLoad.For(alone with { Topics = 1 }, 1, 1, 9).ReadsASecond - TableLoad.For(alone with { Topics = 1 }, 1, 1, 0).ReadsASecond, 0.01);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1 / 1.025)]
    [InlineData(1e9, 40)]
    public void ChangeFeedRhythm_flushes_each_append_or_what_came_within_25_ms(double appendsASecond, double flushes) =>
        Assert.Equal(flushes, ChangeFeedRhythm.Flushes(appendsASecond), 3);

    /// <summary>2,000 rows a second: 200 processes at 100 ms. With more, some polls are refused, and the pace adapts.</summary>
    [Theory]
    [InlineData(1, 0.1, 0, 0)]
    [InlineData(200, 0.1, 0, 0)]
    [InlineData(1_000, 0.5, 0.05, 0.12)]
    public void ChangeFeedRhythm_is_what_the_partition_lets_through(double readers, double answerInterval, double minRefused, double maxRefused)
    {
        var rhythm = ChangeFeedRhythm.Of(readers, 1, 0, TimeSpan.FromSeconds(0.1));

        Assert.Equal(answerInterval, rhythm.AnswerInterval.TotalSeconds, 0.05 * answerInterval);
        Assert.InRange(rhythm.RefusedShare, minRefused, maxRefused);
        Assert.InRange(rhythm.MedianLag, rhythm.AnswerInterval / 2, rhythm.AnswerInterval);
        Assert.True(rhythm.WorstLag > rhythm.AnswerInterval);
        Assert.Equal(readers / answerInterval, rhythm.RowsASecond, 0.05 * readers / answerInterval);
    }

    /// <summary>The newest row; the one before it for 0.6 s of its 2 s; and those of 10.5 s every 50th poll.</summary>
    [Fact]
    public void ChangeFeedRhythm_reads_as_many_rows_and_more_of_them_when_more_processes_publish()
    {
        var (one, ten) = (ChangeFeedRhythm.Of(10, 1, 1e9, TimeSpan.FromSeconds(0.1)), ChangeFeedRhythm.Of(10, 10, 1_000, TimeSpan.FromSeconds(0.1)));

        Assert.Equal(100 * (1 + 0.3 + (4.25 / 50)) + 40, one.RowsASecond, 5.0);
        Assert.Equal(one.RowsASecond - 40, ten.RowsASecond - (1_000 / 3.5), 5.0);
        Assert.Equal(ten.BytesAPoll, ChangeFeedRhythm.Of(10, 10, 2_000, TimeSpan.FromSeconds(0.1)).BytesAPoll / 2, 0.05 * ten.BytesAPoll);
    }

    [Fact]
    public void ChangeFeedRhythm_of_processes_that_all_publish_is_that_of_few_up_to_130()
    {
        var (few, many, more) = (Of(2), Of(130), Of(300));

        Assert.Equal(few.AnswerInterval, many.AnswerInterval);
        Assert.Equal(few.MedianLag, many.MedianLag);
        Assert.InRange(more.AnswerInterval / many.AnswerInterval, 2, 3);
        Assert.InRange(more.MedianLag / many.MedianLag, 2, 3);

        static ChangeFeedRhythm Of(double processes) => ChangeFeedRhythm.Of(processes, processes, processes, TimeSpan.FromSeconds(0.1));
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
