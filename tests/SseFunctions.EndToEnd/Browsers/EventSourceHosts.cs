using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Hosts on one table that the EventSources' tests share: each uses topics of its own.</summary>
public sealed class EventSourceHosts : IAsyncLifetime
{
    public const string Collection = "EventSource hosts";

    /// <summary>Short, so that a client is soon back.</summary>
    public const string Retry = "Stream__Retry=00:00:00.050";

    private const string Open = "Access__AnonymousTopics=e2e-*";
    private const string Key = $"Access__SigningKey={SignedToken.Key}";

    private LocalHostProcess? brief;
    private LocalHostProcess? steady;
    private LocalHostProcess? patient;

    public string Table { get; } = TestStorage.NewTableName();

    /// <summary>Its responses last no longer than a second.</summary>
    public LocalHostProcess Brief => brief!;

    /// <summary>Its responses last longer than a test. Topics that do not begin with e2e- need a token.</summary>
    public LocalHostProcess Steady => steady!;

    /// <summary>Its clients are told to come back in half an hour at the earliest.</summary>
    public LocalHostProcess Patient => patient!;

    public async Task InitializeAsync()
    {
        if (Target.NoProcessControl is not null)
            return;

        var starting = (Task<LocalHostProcess>[])
        [
            LocalHostProcess.StartAsync(Table, Retry, "Stream__Lifetime=00:00:01"),
            LocalHostProcess.StartAsync(Table, Retry, Open, Key),
            LocalHostProcess.StartAsync(Table, "Stream__Retry=01:00:00"),
        ];
        (brief, steady, patient) = (await starting[0], await starting[1], await starting[2]);
    }

    public async Task DisposeAsync()
    {
        foreach (var host in (LocalHostProcess?[])[brief, steady, patient])
        {
            if (host is not null)
                await host.DisposeAsync();
        }
    }
}
