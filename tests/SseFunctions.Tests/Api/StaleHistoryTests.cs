using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>Pages of a process that knows less than the client, who has got events of another one: no page leaves out an event.</summary>
public sealed class StaleHistoryTests : IAsyncLifetime
{
    private StorageProxy storage = null!;

    /// <summary>Whose hints are lost.</summary>
    private TestHost writer = null!;
    private TestHost stale = null!;
    private SseStream keepsTheFeed = null!;
    private readonly List<string> ids = [];

    public async Task InitializeAsync()
    {
        storage = await StorageProxy.StartAsync();
        storage.Intercept = call => call.IsHint ? Faults.Refuse(403)(call) : StorageProxy.PassOnAsync(call);
        writer = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        stale = await TestHost.StartAsync(table: writer.Table);
        ids.AddRange(await writer.PublishAsync("a", "1", "2", "3", "4", "5"));
        keepsTheFeed = await stale.OpenAsync("events/a?from=start");
        await keepsTheFeed.ReadEventsAsync(5);
    }

    public async Task DisposeAsync()
    {
        await keepsTheFeed.DisposeAsync();
        await stale.DisposeAsync();
        await writer.DisposeAsync();
        await storage.DisposeAsync();
    }

    [Theory]
    [InlineData("before={9}&limit=2", "78", "7")]
    [InlineData("before={9}&type=message&limit=2", "78", "7")]
    [InlineData("before={7}&limit=2", "56", "5")]
    [InlineData("after={2}&before={9}", "345678", null)]
    [InlineData("after={2}&before={9}&limit=4", "3456", "6")]
    [InlineData("since=1h&before={9}", "12345678", null)]
    [InlineData("before={+}&limit=2", "89", "8")]
    [InlineData("after={5}&before={+}", "6789", null)]
    public async Task Page_goes_up_to_its_end_when_another_process_has_written_the_events_before_it(string query, string expected, string? next)
    {
        ids.AddRange(await writer.PublishAsync("a", "6", "7", "8", "9"));

        var page = await ReadAsync(query);

        Assert.Equal(expected, Data(page));
        Assert.Equal(next is null ? null : ids[int.Parse(next, null) - 1], page.GetProperty("next").GetString());
        Assert.False(page.TryGetProperty("reset", out _));
    }

    [Theory]
    [InlineData("before={8}")]
    [InlineData("after={6}&before={8}")]
    [InlineData("since=1970-01-01T00:00:00Z&before={8}")]
    public async Task Page_ends_in_the_log_that_another_process_has_begun_anew(string query)
    {
        using var deleted = await writer.Client.DeleteAsync("topics/a");
        ids.AddRange(await writer.PublishAsync("a", "6", "7", "8"));

        var page = await ReadAsync(query);

        Assert.Equal(query[0] == 'a' ? "7" : "67", Data(page));
        Assert.False(page.TryGetProperty("reset", out _));
    }

    private async Task<JsonElement> ReadAsync(string query)
    {
        query = query.Replace("{+}", ids[0][..^1] + "zz", StringComparison.Ordinal);
        for (var i = 0; i < ids.Count; i++)
            query = query.Replace($"{{{i + 1}}}", ids[i], StringComparison.Ordinal);

        return await stale.Client.GetFromJsonAsync<JsonElement>($"topics/a/events?{query}").WaitAsync(SseStream.Timeout);
    }

    private static string Data(JsonElement page) => string.Concat(page.GetProperty("events").EnumerateArray().Select(stored => stored.GetProperty("data").ToString()));
}
