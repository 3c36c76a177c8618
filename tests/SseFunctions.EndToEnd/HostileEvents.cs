using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>A topic that hostile publishers have filled, for the tests that read it with parsers that nobody here wrote.</summary>
public sealed class HostileEvents : IAsyncLifetime
{
    private const int Publishers = 600;

    private LocalHostProcess? host;

    public string Topic { get; } = TopicApi.NewTopic();

    /// <summary>The events that were accepted, as a client must get them.</summary>
    public IReadOnlyList<SseMessage> Expected { get; private set; } = [];

    /// <summary>Publishers that got another answer than the README says.</summary>
    public IReadOnlyList<string> WronglyAnswered { get; private set; } = [];

    public LocalHostProcess Host => host!;

    public async Task InitializeAsync()
    {
        if (Target.NoProcessControl is not null)
            return;

        host = await LocalHostProcess.StartAsync(TestStorage.NewTableName());
        var (accepted, wrong) = (new List<SseMessage>(), new List<string>());
        foreach (var publisher in HostilePublisher.Draw(Publishers, FuzzSeed.Value))
        {
            using var request = publisher.Request(Topic);
            using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Patience);
            var status = (int)answer.StatusCode;
            if (publisher.ExpectedStatus is { } expected ? status != expected : status is not (201 or 400))
                wrong.Add($"{status}: {publisher}");

            if (status == 201)
            {
                var ids = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ids");
                accepted.Add(new SseMessage(Assert.Single(ids.EnumerateArray()).GetString(), publisher.ExpectedType, publisher.ExpectedData));
            }
        }

        (Expected, WronglyAnswered) = (accepted, wrong);
    }

    public async Task DisposeAsync()
    {
        if (host is not null)
            await host.DisposeAsync();
    }
}
