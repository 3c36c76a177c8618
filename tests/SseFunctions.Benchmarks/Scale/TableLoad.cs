using SseFunctions.Streaming;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>What processes with streams ask of the table, and how late events are for it.</summary>
internal sealed record TableLoad
{
    public required ChangeFeedRhythm Rhythm { get; init; }

    /// <summary>Topics with readers in a process.</summary>
    public required double FollowedTopics { get; init; }

    /// <summary>Requests of all processes: polls, looks, and reads of rows.</summary>
    public required double ReadsASecond { get; init; }

    /// <summary>Hints of all processes that publish.</summary>
    public required double FlushesASecond { get; init; }

    /// <summary>Rows read and written in one topic's partition.</summary>
    public required double TopicRowsASecond { get; init; }

    /// <summary>From publish to client; a look at the topic ends the waiting at the latest.</summary>
    public TimeSpan MedianLatency => Shorter(Rhythm.MedianLag, HeadPoll.LookInterval / 2) + TimeSpan.FromSeconds(Assumptions.HintTime + Assumptions.ReadTime);

    /// <summary>Without a lost hint.</summary>
    public TimeSpan WorstLatency => Shorter(Rhythm.WorstLag, HeadPoll.LookInterval) + EventLog.ChangeFeedWriter.FlushInterval + TimeSpan.FromSeconds(Assumptions.HintTime + Assumptions.ReadTime);

    /// <param name="workload">What is asked; its topics' clients are on whatever process.</param>
    /// <param name="processes">That have streams.</param>
    /// <param name="warm">How much of the time a topic with a reader now and then is followed: 0 to 1.</param>
    /// <param name="joinsASecond">Of clients, at all processes.</param>
    public static TableLoad For(Workload workload, double processes, double warm, double joinsASecond)
    {
        var share = 1 - Math.Pow(1 - (1 / workload.Topics), workload.Clients / processes);
        var followed = workload.Topics * share * warm;
        var events = workload.EventsASecond * workload.Topics;
        var flushes = workload.Publishers * ChangeFeedRhythm.Flushes(events / workload.Publishers);
        var rhythm = ChangeFeedRhythm.Of(processes, workload.Publishers, events, workload.PollInterval);

        // A topic's events that one poll announces are one read.
        var interval = rhythm.AnswerInterval.TotalSeconds;
        var loads = (1 - Math.Exp(-workload.EventsASecond * interval)) / interval;
        var looks = 1 / HeadPoll.LookInterval.TotalSeconds;

        // A process that has no streams does not poll; a client whose topic is not followed yet has the head read.
        var polling = 1 - Math.Pow(1 - warm, Math.Max(1, workload.Topics * share));
        return new TableLoad
        {
            Rhythm = rhythm,
            FollowedTopics = followed,
            ReadsASecond = (processes * ((polling * rhythm.PollsASecond) + (followed * (looks + loads)))) + (joinsASecond * (1 - (share * warm))),
            FlushesASecond = flushes,
            TopicRowsASecond = (processes * share * warm * (looks + workload.EventsASecond)) + (2 * workload.EventsASecond),
        };
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
