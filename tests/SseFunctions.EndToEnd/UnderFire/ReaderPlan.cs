namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>How a reader reads.</summary>
/// <param name="Topics">What it reads, in the order of their names; several on one connection.</param>
/// <param name="IsPoll">Whether it takes what there is and comes back, rather than hold a stream open.</param>
/// <param name="IsSlow">Whether it takes its time over each event, and now and then takes no bytes for long.</param>
/// <param name="IsAbsent">Whether it stays away now and then until retention has taken what it lacks.</param>
internal sealed record ReaderPlan(IReadOnlyList<FireTopic> Topics, bool IsPoll = false, bool IsSlow = false, bool IsAbsent = false)
{
    /// <summary>200 readers.</summary>
    public static IReadOnlyList<ReaderPlan> All { get; } =
    [
        .. Create(34, "alpha"),
        .. Create(34, "beta"),
        .. Create(34, "gamma"),
        .. Create(20, "batches"),
        .. Create(8, "bulk"),
        .. Create(16, "alpha", "beta"),
        .. Create(8, "alpha", "batches", "gamma"),
        .. Create(4, "alpha", "batches", "beta", "bulk", "gamma"),
        .. Create(8, "alpha").Select(plan => plan with { IsPoll = true }),
        .. Create(6, "batches", "beta").Select(plan => plan with { IsPoll = true }),
        .. Create(6, "bulk").Select(plan => plan with { IsSlow = true }),
        .. Create(2, "batches", "bulk").Select(plan => plan with { IsSlow = true }),
        .. Create(8, "batches").Select(plan => plan with { IsAbsent = true }),
        .. Create(4, "bulk").Select(plan => plan with { IsAbsent = true }),
        .. Create(4, "batches", "bulk").Select(plan => plan with { IsAbsent = true }),
        .. Create(4, "batches").Select(plan => plan with { IsAbsent = true, IsPoll = true }),
    ];

    /// <summary>The path and query under which it reads, as a page would that has just rendered what there was.</summary>
    public string Path(string lastEventId) =>
        (Topics.Count == 1 ? $"events/{Topics[0].Name}?" : $"events?{string.Concat(Topics.Select(topic => $"topic={topic.Name}&"))}")
        + $"lastEventId={lastEventId}" + (IsPoll ? "&mode=poll" : "");

    private static IEnumerable<ReaderPlan> Create(int count, params string[] topics) =>
        Enumerable.Repeat(new ReaderPlan([.. topics.Order(StringComparer.Ordinal).Select(FireTopic.Named)]), count);
}
