using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>Topics that hostile publishers have filled, for the tests that read them with parsers that nobody here wrote.</summary>
public sealed class HostileEvents : IAsyncLifetime
{
    private const int Publishers = 600;

    /// <summary>Brief enough to be read byte by byte.</summary>
    private const int ShortCharacters = 200;
    private const int ShortEvents = 100;

    private TestHost? host;
    private PublishedTopic? all;
    private PublishedTopic? brief;

    /// <summary>All that were accepted.</summary>
    public PublishedTopic All => all!;

    /// <summary>The first short ones of these, once more.</summary>
    public PublishedTopic Brief => brief!;

    /// <summary>Publishers that got another answer than the README says.</summary>
    public IReadOnlyList<string> WronglyAnswered { get; private set; } = [];

    public TestHost Host => host!;

    public async Task InitializeAsync()
    {
        if (Target.NoProcessControl is not null)
            return;

        host = await TestHost.StartOnAsync(TestStorage.NewTableName());
        var (topic, briefTopic, wrong) = (TopicApi.NewTopic(), TopicApi.NewTopic(), new List<string>());
        var (events, briefEvents) = (new List<SseMessage>(), new List<SseMessage>());
        foreach (var publisher in HostilePublisher.Draw(Publishers, FuzzSeed.Value))
        {
            var (status, id) = await PublishAsync(publisher, topic);
            if (publisher.ExpectedStatus is { } expected ? status != expected : status is not (201 or 400))
                wrong.Add($"{status}: {publisher}");

            if (id is not null)
                events.Add(new SseMessage(id, publisher.ExpectedType, publisher.ExpectedData));

            if (id is not null && publisher.ExpectedData.Length <= ShortCharacters && briefEvents.Count < ShortEvents)
                briefEvents.Add(events[^1] with { Id = (await PublishAsync(publisher, briefTopic)).Id });
        }

        WronglyAnswered = wrong;
        Assert.True(events.Count > 0 && briefEvents.Count > 0, $"None was accepted: {string.Join('\n', wrong.Take(3))}");
        all = new PublishedTopic(topic, events, await ReadAsync(topic, events[^1].Id));
        brief = new PublishedTopic(briefTopic, briefEvents, await ReadAsync(briefTopic, briefEvents[^1].Id));
    }

    public async Task DisposeAsync()
    {
        if (host is not null)
            await host.DisposeAsync();
    }

    private async Task<(int Status, string? Id)> PublishAsync(HostilePublisher publisher, string topic)
    {
        using var answer = await Host.Client.SendUntilAvailableAsync(() => publisher.Request(topic));
        if ((int)answer.StatusCode != 201)
            return ((int)answer.StatusCode, null);

        var ids = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ids");
        return (201, Assert.Single(ids.EnumerateArray()).GetString());
    }

    /// <summary>Asks for all of it, again when the response ended early: storage that is slow to answer ends one.</summary>
    private async Task<byte[]> ReadAsync(string topic, string? lastId)
    {
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        var last = Encoding.ASCII.GetBytes($"id: {lastId}\n");
        while (true)
        {
            var response = await Host.Client.GetByteArrayAsync($"events/{topic}?from=start&mode=poll", timeout.Token);
            if (response.AsSpan().IndexOf(last) >= 0)
                return response;
        }
    }
}
