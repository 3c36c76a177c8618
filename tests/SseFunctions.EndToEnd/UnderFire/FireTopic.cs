namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>A topic of the test.</summary>
/// <param name="Name">Its name.</param>
/// <param name="BatchEvents">Events of a publication.</param>
/// <param name="FillingBytes">Bytes of an event, beside its name.</param>
/// <param name="Period">How often each publisher publishes, when it is answered in time.</param>
internal sealed record FireTopic(string Name, int BatchEvents, int FillingBytes, TimeSpan Period)
{
    public static readonly IReadOnlyList<FireTopic> All =
    [
        new("alpha", 1, 20, TimeSpan.FromSeconds(0.5)),
        new("beta", 1, 20, TimeSpan.FromSeconds(0.5)),
        new("gamma", 1, 200, TimeSpan.FromSeconds(0.5)),
        new("batches", 10, 50, TimeSpan.FromSeconds(1.5)),
        Bulk,
    ];

    /// <summary>Events of a round, in which each instance gets a publication.</summary>
    public int RoundEvents => Deployment.Instances * BatchEvents;

    /// <summary>Large enough for slow readers to be held up.</summary>
    public static FireTopic Bulk => new("bulk", 8, 8192, TimeSpan.FromSeconds(1));

    public static FireTopic Named(string name) => All.Single(topic => topic.Name == name);
}
