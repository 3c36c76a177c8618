using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>Topics that hostile publishers have filled, for the tests that read them with parsers that nobody here wrote.</summary>
public sealed class HostileEvents : IAsyncLifetime
{
    private const int Publishers = 600;

    /// <summary>Brief enough to be read byte by byte.</summary>
    private const int ShortCharacters = 200;
    private const int ShortEvents = 100;

    private LocalHostProcess? host;

    /// <summary>All that were accepted.</summary>
    public PublishedTopic All { get; private set; } = new();

    /// <summary>The first short ones of these, once more.</summary>
    public PublishedTopic Brief { get; private set; } = new();

    /// <summary>Publishers that got another answer than the README says.</summary>
    public IReadOnlyList<string> WronglyAnswered { get; private set; } = [];

    public LocalHostProcess Host => host!;

    public async Task InitializeAsync()
    {
        if (Target.NoProcessControl is not null)
            return;

        host = await LocalHostProcess.StartAsync(TestStorage.NewTableName());
        var (all, brief, wrong) = (new List<SseMessage>(), new List<SseMessage>(), new List<string>());
        foreach (var publisher in HostilePublisher.Draw(Publishers, FuzzSeed.Value))
        {
            var (status, id) = await PublishAsync(publisher, All.Name);
            if (publisher.ExpectedStatus is { } expected ? status != expected : status is not (201 or 400))
                wrong.Add($"{status}: {publisher}");

            if (id is not null)
                all.Add(new SseMessage(id, publisher.ExpectedType, publisher.ExpectedData));

            if (id is not null && publisher.ExpectedData.Length <= ShortCharacters && brief.Count < ShortEvents)
                brief.Add(all[^1] with { Id = (await PublishAsync(publisher, Brief.Name)).Id });
        }

        (All, Brief, WronglyAnswered) = (All with { Events = all }, Brief with { Events = brief }, wrong);
    }

    public async Task DisposeAsync()
    {
        if (host is not null)
            await host.DisposeAsync();
    }

    private async Task<(int Status, string? Id)> PublishAsync(HostilePublisher publisher, string topic)
    {
        using var request = publisher.Request(topic);
        using var answer = await Host.Client.SendAsync(request).WaitAsync(SseStream.Patience);
        if ((int)answer.StatusCode != 201)
            return ((int)answer.StatusCode, null);

        var ids = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ids");
        return (201, Assert.Single(ids.EnumerateArray()).GetString());
    }
}
