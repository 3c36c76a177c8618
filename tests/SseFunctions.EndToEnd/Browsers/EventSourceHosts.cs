using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Hosts on one table that the EventSources' tests share: each uses topics of its own.</summary>
public sealed class EventSourceHosts : IAsyncLifetime
{
    /// <summary>Short, so that a client is soon back.</summary>
    public const string Retry = "Stream__Retry=00:00:00.050";

    /// <summary>Of three hosts with streams all the time: Azurite goes through the whole table for each poll.</summary>
    private const string Poll = "Stream__PollInterval=00:00:00.300";

    private static readonly Shared<HostGroup> Group = new(StartAsync);

    private HostGroup? hosts;

    public string Table => hosts!.Table;

    /// <summary>Its responses last no longer than a second.</summary>
    public TestHost Brief => hosts!.Hosts[0];

    /// <summary>Its responses last longer than a test. Topics that do not begin with e2e- need a token.</summary>
    public TestHost Steady => hosts!.Hosts[1];

    /// <summary>Its clients wait for half an hour or more before they reconnect.</summary>
    public TestHost LongRetry => hosts!.Hosts[2];

    public async Task InitializeAsync()
    {
        if (Target.NoProcessControl is null)
            hosts = await Group.AcquireAsync();
    }

    public async Task DisposeAsync()
    {
        if (hosts is not null)
            await Group.ReleaseAsync();
    }

    private static Task<HostGroup> StartAsync() => HostGroup.StartAsync(
        [Retry, Poll, "Stream__Lifetime=00:00:01"],
        [Retry, Poll, TestHost.LongLifetime, "Access__AnonymousTopics=e2e-*", $"Access__SigningKey={SignedToken.Key}"],
        [Poll, "Stream__Retry=01:00:00"]);
}
