using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>A page looks at so many bytes and no more, whatever its filter leaves out: with large events too it comes in time.</summary>
public sealed class LargeHistoryTests : IAsyncLifetime
{
    /// <summary>Of 60,000 bytes: more than one page looks at.</summary>
    private const int Large = 240;
    private const int PerPage = (HistoryRequest.MaxScannedBytes / 60_000) + 1;

    private TestHost host = null!;
    private string epoch = "";

    public async Task InitializeAsync()
    {
        host = await TestHost.StartAsync(time: new FakeTimeProvider(DateTimeOffset.UtcNow)); // a page has 5 s, which a busy machine may need
        var log = new LogTable(await TestStorage.ConnectionStringAsync(), host.Table).Log();
        await AppendAsync("rare", 1, 1);
        for (var i = 0; i < Large; i += 40)
            await AppendAsync("dull", 40, 60_000);

        await AppendAsync("rare", 1, 1);

        async Task AppendAsync(string type, int count, int bytes) =>
            epoch = (await log.AppendAsync(Topic.Parse("a"), [.. Enumerable.Repeat(new NewEvent(type, Enumerable.Repeat((byte)'x', bytes).ToArray()), count)], null, CancellationToken.None)).Epoch;
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task Pages_forward_are_empty_and_say_where_to_go_on()
    {
        var (found, nexts, next) = (new List<int>(), new List<long>(), $"{epoch}-1");
        while (next is not null)
        {
            var page = await ReadAsync($"type=rare&after={next}");
            found.Add(Count(page));
            next = Next(page);
            nexts.Add(Sequence(next));
        }

        Assert.Equal([0, 0, 0, 1], found);
        Assert.Equal([1 + PerPage, 1 + (2 * PerPage), 1 + (3 * PerPage), 0], nexts);
    }

    [Theory]
    [InlineData("type=rare")]
    [InlineData("limit=1000")]
    public async Task Pages_backward_begin_near_their_end_and_miss_nothing(string query)
    {
        var (found, looked, next) = (0, new List<long>(), $"{epoch}-zz");
        while (next is not null)
        {
            var page = await ReadAsync($"{query}&before={next}");
            found += Count(page);
            next = Next(page);
            looked.Add(next is null ? 1 : Sequence(next));
        }

        Assert.Equal(query == "type=rare" ? 2 : Large + 2, found);
        Assert.Equal(looked.OrderDescending().Distinct(), looked);
        Assert.InRange(looked[0], 2, Large);
    }

    private async Task<JsonElement> ReadAsync(string query) => await host.Client.GetFromJsonAsync<JsonElement>($"topics/a/events?{query}").WaitAsync(SseStream.Timeout);

    private static int Count(JsonElement page) => page.GetProperty("events").GetArrayLength();

    private static string? Next(JsonElement page) => page.GetProperty("next").GetString();

    private static long Sequence(string? id) => EventId.TryParse(id, out var parsed) ? parsed.Sequence : 0;
}
